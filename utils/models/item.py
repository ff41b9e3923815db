"""One media file and how it is known."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen
from utils.models.found_object import FoundObject
from utils.models.listing import Listing


class MediaKind(StrEnum):
    """What a file is to its viewer."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"


class ItemStatus(StrEnum):
    """What became of an item so far; whether somebody works on it now is no part of it.

    ``failed`` is tried again by the next shift, ``deferred`` goes on there with the steps that
    did not fit a cost ceiling; ``quarantined`` waits for a person. ``superseded``: it was not done
    when its last place got other content, and is waited for no more. ``skipped``: a rule leaves it
    out.
    """

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"


class FileStat(Frozen):
    """A file as the file system tells it apart from another: enough not to hash it twice."""

    path: Path
    size_bytes: int
    modified_ns: int
    inode: int


class MediaItem(Frozen):
    """One media file, known by the SHA-256 (64 hex digits) of its content."""

    not_in_key: ClassVar[frozenset[str]] = frozenset(
        {"path", "title", "kind", "source_url", "listing"}
    )

    item_id: str
    path: Path
    kind: MediaKind
    size_bytes: int
    title: str
    source_url: str | None = None
    listing: Listing | None = None


class Checksum(Frozen):
    """The SHA-256 of a file's content."""

    sha256: str
    size_bytes: int


class DuplicateCheck(Frozen):
    """Whether other files hold the same content, and whether it was processed before."""

    not_made: ClassVar[frozenset[str]] = frozenset({"paths"})

    is_duplicate: bool
    existing_id: str | None = None
    name: str | None = None
    paths: tuple[Path, ...] = ()
    processed_at: datetime | None = None


class Entry(Frozen):
    """Something to fetch: one video of a site, one episode of a feed.

    ``number`` counts from 1 where several stand on one page; ``duration_seconds`` is what the
    site declares, and the download is held against it. ``feed`` is the feed whose guid the
    ``site_id`` is; ``place`` the address without what changes from night to night, where
    something does. ``former_ids``: what versions before called it. ``source``: the address that
    listed it, ``source_id`` the source whose address that is. ``found``: the object of a bucket
    that it is, as it was listed; its content is then a part of ``place``. ``live_status`` and
    ``availability`` are the listing's words, those of yt-dlp (``is_upcoming``, ``private``), and
    ``removed``.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset(
        {"title", "duration_seconds", "description", "published_at", "former_ids", "source",
         "source_id", "found", "live_status", "availability"}
    )  # fmt: skip

    url: str
    site: str
    site_id: str
    number: int | None = None
    title: str | None = None
    duration_seconds: float | None = None
    feed: str | None = None
    place: str | None = None
    description: str | None = None
    published_at: datetime | None = None
    former_ids: tuple[str, ...] = ()
    source: str | None = None
    source_id: str | None = None
    found: FoundObject | None = None
    live_status: str | None = None
    availability: str | None = None

    @property
    def item_id(self) -> str:
        """Its id until there is a file with a checksum; the key of its row in ``downloads``.

        A feed's guid, a site's id, and only then the address: its host, its token may be others
        tomorrow. A site's id alone is not enough for a plain file: that is its name, and many
        addresses end in ``master.m3u8``.
        """
        if self.feed is not None:
            known = f"feed\n{self.feed}\n{self.site_id}"
        elif self.place is not None:
            known = f"place\n{self.place}\n{self.number}"
        else:
            known = f"{self.site}\n{self.site_id}\n{self.number}"
            if self.site.lower() == "generic":
                known += f"\n{self.url}"
        return hashlib.sha256(known.encode()).hexdigest()

    @property
    def ids(self) -> tuple[str, ...]:
        """Its id, and those by which it may be known from before."""
        return (self.item_id, *self.former_ids)


class Fetched(Frozen):
    """A downloaded file, not yet verified, with what the listing or its page says of it."""

    path: Path
    title: str
    url: str
    declared_seconds: float | None = None
    listing: Listing | None = None
