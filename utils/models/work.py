"""Works of several files: what a file says of the others, and what belongs together."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from utils.models.base import Frozen
from utils.models.item import MediaKind


class WorkKind(StrEnum):
    """How files are one thing; ``JOINED``: because a person said so."""

    LIVE_PHOTO = "live_photo"
    RAW_AND_JPEG = "raw_and_jpeg"
    BURST = "burst"
    RECORDING = "recording"
    JOINED = "joined"

    @property
    def words(self) -> str:
        """As people read it."""
        return _WORDS[self]


_WORDS = {
    WorkKind.LIVE_PHOTO: "Live Photo",
    WorkKind.RAW_AND_JPEG: "raw and developed photo",
    WorkKind.BURST: "burst",
    WorkKind.RECORDING: "recording in parts",
    WorkKind.JOINED: "joined by hand",
}


class WorkPlace(Frozen):
    """What a file's path says: ``folder``, and the name's ``stem`` without its suffix.

    ``series`` and ``number``: a name that ends in a number, ``IMG_`` and 17. ``recording`` and
    ``part``: a name that a camera gives the parts of one recording.
    """

    folder: str
    stem: str
    series: str | None = None
    number: int | None = None
    recording: str | None = None
    part: int | None = None


class WorkClues(Frozen):
    """By what a file is recognised as a part of a work.

    ``captured_at`` is naive where the camera named no zone; ``starts_at_seconds`` is the file's
    first timestamp; ``is_motion``: the short film of a Live Photo.
    """

    item_id: str
    kind: MediaKind
    is_raw: bool = False
    is_motion: bool = False
    camera: str | None = None
    captured_at: datetime | None = None
    content_id: str | None = None
    burst_id: str | None = None
    duration_seconds: float | None = None
    starts_at_seconds: float | None = None
    size_bytes: int = 0
    picture: str | None = None
    places: tuple[WorkPlace, ...] = ()

    @property
    def is_part(self) -> bool:
        """True for what is no work of its own: a Live Photo's film, a later chapter."""
        return self.is_motion or any((place.part or 0) > 1 for place in self.places)


class WorkLink(Frozen):
    """Two files that belong together, by which evidence, and what a person said of it."""

    first: str
    second: str
    kind: WorkKind
    evidence: str
    decision: Literal["same", "different"] | None = None

    @property
    def score(self) -> float:
        """How surely: what is evidence is certain."""
        return 1.0


class WorkMember(Frozen):
    """A file of a work, and what it is in it: still, motion, raw, developed, shot 2, part 1."""

    item_id: str
    title: str
    path: Path | None
    role: str


class Work(Frozen):
    """Files that are one thing, in their order; ``evidence``: by what each two are known."""

    kinds: tuple[WorkKind, ...]
    members: tuple[WorkMember, ...]
    evidence: tuple[str, ...]

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Its files, by their checksums."""
        return tuple(member.item_id for member in self.members)

    @property
    def words(self) -> str:
        """What it is, for people: ``Live Photo, 2 files``."""
        what = " and ".join(kind.words for kind in self.kinds)
        return f"{what}, {len(self.members)} files"
