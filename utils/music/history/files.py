"""The files that histories lie in: as they are, in folders, and in the archives of downloads.

Nothing of an archive is written to the disk: its files are read where they are, so no name in it
can lead anywhere. How much it may unpack to is bounded.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from utils.errors import PermanentError, UsageError, from_os_error
from utils.models import sanitize

_ENDINGS = (".json", ".jsonl", ".csv", ".ndjson", ".txt", ".tsv")
_MOST_MEMBERS = 10_000
# Chosen: a history of 100 million plays is 60 GB and lies in files of 12 MB.
LARGEST_MEMBER = 4 << 30


class Place(NamedTuple):
    """A file on the disk, or one in an archive there; ``name`` is as people find it."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """The file's name, behind that of its archive."""
        name = f"{self.path.name}/{self.member}" if self.member else self.path.name
        return sanitize.text(name)


def places(paths: list[Path]) -> Iterator[Place]:
    """All files that could hold a history, each once, in the order of their names.

    Raises:
        UsageError: a path is not there, or an archive holds too many files.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} is not there. Name a file or a folder of an export.")
        inside = path.is_dir()
        for file in sorted(path.rglob("*")) if inside else [path]:
            place = file.resolve()
            if place in seen or not file.is_file() or (inside and not _may_be(file.name)):
                continue
            seen.add(place)
            yield from _members(file) if is_archive(file) else (Place(file),)


def _may_be(name: str) -> bool:
    small = name.lower()
    return small.endswith((*_ENDINGS, ".zip")) and not small.startswith((".", "__macosx"))


def is_archive(path: Path) -> bool:
    """True for a zip, whatever its name; also one that is cut."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error


def _members(path: Path) -> Iterator[Place]:
    """The files of an archive that may be histories; itself, where it can't be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [one.filename for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        yield Place(path)
        return
    if len(names) > _MOST_MEMBERS:
        raise UsageError(f"{path.name} holds {len(names):,} files: it is no export of a history.")
    for name in sorted(names):
        if _may_be(name.rsplit("/", 1)[-1]) and not name.lower().endswith(".zip"):
            yield Place(path, name)


class Content:
    """What a file holds; one that breaks off ends there, and ``fault`` says why.

    An archive's checksum is held against what was read, not before: what can be read is.
    """

    def __init__(self, file: IO[bytes], most: int | None = None, checksum: int | None = None):
        self._file, self._left, self._wanted, self._sum = file, most, checksum, 0
        self.fault: str | None = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end, or where it breaks off."""
        if self.fault:
            return b""
        try:
            taken = self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            self.fault = f"it can't be read on: {error}"
            return b""
        self._sum = zlib.crc32(taken, self._sum)
        if self._left is not None:
            self._left -= len(taken)
            if self._left < 0:
                self.fault = f"it unpacks to more than {LARGEST_MEMBER >> 30} GiB"
        if not taken and self._wanted not in (None, self._sum):
            self.fault = "its checksum is another: something in it is not as it was written"
        return taken


@contextmanager
def opened(place: Place) -> Iterator[Content]:
    """A file to be read once from its beginning.

    Raises:
        PermanentError: it can't be opened.
    """
    if place.member is None:
        try:
            file = place.path.open("rb")
        except OSError as error:
            raise from_os_error(error, f"reading {place.name}") from error
        with file:
            yield Content(file)
        return
    with zipfile.ZipFile(place.path) as archive:
        about = archive.getinfo(place.member)
        checksum = about.CRC
        del about.CRC  # zipfile would hold back its last piece
        try:
            inner = archive.open(about)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise PermanentError(f"{place.name} can't be opened: {error}.") from error
        with inner:
            yield Content(inner, LARGEST_MEMBER, checksum)
