"""What is published of an item, and what came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field

from utils.models.base import Frozen
from utils.models.transcript import Segment


class PackageFile(Frozen):
    """A local file of a package; ``role`` says what it is.

    ``by_model``: a model made what is to be seen or heard. ``language`` is ISO 639-1 (subtitles).
    """

    role: str = Field(
        description="media, original, subtitles, artwork, title_card, waveform, generated, "
        "lyric_video."
    )
    path: Path
    sha256: str
    size_bytes: int
    mime_type: str
    language: str | None = None
    aspect: str | None = None
    width: int | None = None
    height: int | None = None
    by_model: bool = False


class Chapter(Frozen):
    """A chapter: seconds from the beginning."""

    start_seconds: float
    title: str


class Package(Frozen):
    """All of an item that may be published, as a target takes it.

    ``files``: the first of role ``media`` is what is played. ``published_at``: when it was first
    published anywhere by us, else now; feeds sort by it.
    """

    item_id: str
    title: str
    kind: str
    summary: str | None = None
    description: str | None = None
    language: str | None = None
    artist: str | None = None
    album: str | None = None
    captured_at: datetime | None = None
    published_at: datetime
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    keywords: tuple[str, ...] = ()
    content_warnings: tuple[str, ...] = ()
    source_url: str | None = None
    chapters: tuple[Chapter, ...] = ()
    segments: tuple[Segment, ...] = ()
    translation: str | None = None
    romanisation: str | None = None
    romanised_by: str | None = None
    files: tuple[PackageFile, ...] = ()

    def first(self, *roles: str) -> PackageFile | None:
        """The first file of the first of these roles that there is."""
        return next((file for role in roles for file in self.files if file.role == role), None)


class PublicationStatus(StrEnum):
    """``scheduled`` and ``failed`` are gone on with when they are due; ``retracting`` too."""

    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    RETRACTING = "retracting"
    RETRACTED = "retracted"


class PublishedObject(Frozen):
    """A file where it lies: its name below the target, its size and checksum as they were sent."""

    name: str
    size_bytes: int
    sha256: str
    mime_type: str | None = None


class Published(Frozen):
    """What a target made of a package.

    ``address``: where a person sees it, without credentials. ``objects``: all that lies there for
    this item alone. ``remote_id``: the target's own id of it. ``extra``: what the target needs to
    make its index (a feed's entry, a page), as JSON.
    """

    address: str
    objects: tuple[PublishedObject, ...] = ()
    remote_id: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class PublicationResult(StrEnum):
    """What came of one item at one target.

    ``unchanged``: the same lies there already; ``waiting``: it is scheduled, or has another try
    before it; ``refused``: it is not approved; ``busy``: another process is at it.
    """

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    RETRACTED = "retracted"
    WAITING = "waiting"
    FAILED = "failed"
    REFUSED = "refused"
    BUSY = "busy"


class PublicationOutcome(Frozen):
    """What came of one item at one target, and why; ``due_at`` is when it is gone on with."""

    publication_id: int | None = None
    item_id: str
    title: str
    target: str
    result: PublicationResult
    address: str | None = None
    error: str | None = None
    due_at: datetime | None = None


class PublicationFlaw(Frozen):
    """What lies at a target and should not be as it is: it is never taken back by itself."""

    publication_id: int
    item_id: str
    title: str
    target: str
    address: str
    flaw: str


class PublishReport(Frozen):
    """What came of publishing; ``problems`` are of a target as a whole: its index, its name."""

    run_id: str | None = None
    outcomes: tuple[PublicationOutcome, ...] = ()
    problems: tuple[str, ...] = ()
    flaws: tuple[PublicationFlaw, ...] = ()

    def count(self, *results: PublicationResult) -> int:
        """How many came to one of these."""
        return sum(one.result in results for one in self.outcomes)

    @property
    def is_bad(self) -> bool:
        """True where a person has something to look at."""
        wrong = (PublicationResult.FAILED, PublicationResult.REFUSED)
        return bool(self.count(*wrong) or self.problems or self.flaws)

    def counts(self) -> dict[str, int]:
        """The numbers: ``success`` is all that lies where it should now."""
        of = PublicationResult
        return {
            "total": len(self.outcomes),
            "success": self.count(of.PUBLISHED, of.UNCHANGED, of.RETRACTED),
            "failed": self.count(of.FAILED, of.REFUSED) + len(self.problems),
            "waiting": self.count(of.WAITING, of.BUSY),
            "published": self.count(of.PUBLISHED),
            "retracted": self.count(of.RETRACTED),
            "unchanged": self.count(of.UNCHANGED),
            "flaws": len(self.flaws),
        }
