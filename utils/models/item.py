"""One media file and how it is known."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen


class MediaKind(StrEnum):
    """What a file is to its viewer."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"


class ItemStatus(StrEnum):
    """What became of an item so far; whether somebody works on it now is no part of it.

    ``failed`` is tried again by the next shift, ``deferred`` goes on there with the steps that
    did not fit a cost ceiling; ``quarantined`` waits for a person. ``superseded``: it was not done
    when its last place got other content, and is waited for no more.
    """

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"


class FileStat(Frozen):
    """A file as the file system tells it apart from another: enough not to hash it twice."""

    path: Path
    size_bytes: int
    modified_ns: int
    inode: int


class MediaItem(Frozen):
    """One media file, known by the SHA-256 (64 hex digits) of its content."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path", "title", "kind", "source_url"})

    item_id: str
    path: Path
    kind: MediaKind
    size_bytes: int
    title: str
    source_url: str | None = None


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
    """Something to fetch: one video of a site.

    ``number`` counts from 1 where several stand on one page; ``duration_seconds`` is what the
    site declares, and the download is held against it; ``source`` the address that listed it.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"title", "duration_seconds", "source"})

    url: str
    site: str
    site_id: str
    number: int | None = None
    title: str | None = None
    duration_seconds: float | None = None
    source: str | None = None

    @property
    def item_id(self) -> str:
        """Its id until there is a file with a checksum; the key of its row in ``downloads``.

        The site's id alone is not enough: a plain file's is its name, and many addresses end
        in ``master.m3u8``.
        """
        known = f"{self.site}\n{self.site_id}\n{self.number}"
        if self.site.lower() == "generic":
            known += f"\n{self.url}"
        return hashlib.sha256(known.encode()).hexdigest()


class Fetched(Frozen):
    """A downloaded file, not yet verified."""

    path: Path
    title: str
    url: str
    declared_seconds: float | None = None
