"""Partial files of uploads: beside what the inbox holds, hidden from it until they are whole.

They lie on the inbox's own file system, in a hidden folder that no scan looks into, so that a
whole one gets its name by a link: at once, and never over another file. How much of it came is
the size of the file, whatever became of the process that wrote it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from utils.errors import PermanentError, ResourceError, RetryableError, from_os_error
from utils.storage import names

FOLDER = ".uploads"
_PARTIAL = re.compile(r"[0-9a-f]{32}")
_CHUNK_BYTES = 2**20
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
# What a checksum of a chunk may be made by (tus).
CHECKSUMS = ("sha1", "sha256")


class Busy(RetryableError):
    """Another request writes to the same upload now."""


class Partial(NamedTuple):
    """An open partial file that nobody else writes to."""

    file: int
    path: Path

    @property
    def size_bytes(self) -> int:
        """How much of it came."""
        return os.fstat(self.file).st_size

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            ResourceError: the disk is full.
        """
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.file, view) :]
        except OSError as error:
            raise from_os_error(error, "writing an upload") from error

    def keep(self, size_bytes: int | None = None) -> None:
        """Have what came survive a power cut; with a size, no more than that of it."""
        try:
            if size_bytes is not None:
                os.ftruncate(self.file, size_bytes)
            os.fsync(self.file)
        except OSError as error:
            raise from_os_error(error, "writing an upload") from error

    def checksum(self, kind: str, start: int) -> bytes:
        """The checksum of what lies from ``start`` on; ``kind`` is one of ``CHECKSUMS``."""
        digest = hashlib.new(kind, usedforsecurity=False)
        while chunk := os.pread(self.file, _CHUNK_BYTES, start):
            digest.update(chunk)
            start += len(chunk)
        return digest.digest()


def partial_path(inbox: Path, upload_id: str) -> Path:
    """Where the partial file of an upload lies."""
    if not _PARTIAL.fullmatch(upload_id):
        raise PermanentError("This is no upload's id.")
    return inbox / FOLDER / upload_id


def create(inbox: Path, upload_id: str) -> None:
    """Make an empty partial file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        folder = inbox / FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise PermanentError(f"{folder} is a link. Remove it: uploads are kept there.")
        os.close(os.open(partial_path(inbox, upload_id), flags, 0o600))
    except OSError as error:
        raise from_os_error(error, "beginning an upload") from error


@contextmanager
def opened(inbox: Path, upload_id: str) -> Iterator[Partial]:
    """The partial file of an upload, for one request at a time.

    Raises:
        Busy: another request has it.
        PermanentError: it is gone.
    """
    path = partial_path(inbox, upload_id)
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise PermanentError("What came of this upload is gone. Begin it anew.") from None
    except OSError as error:
        raise from_os_error(error, "opening an upload") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy("Another request writes to this upload. Try again in a moment.") from None
        yield Partial(file, path)
    finally:
        os.close(file)


def size_bytes(inbox: Path, upload_id: str) -> int | None:
    """How much of an upload came; None if its partial file is gone."""
    try:
        return partial_path(inbox, upload_id).lstat().st_size
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os_error(error, "looking at an upload") from error


def require_room(inbox: Path, wanted_bytes: int, min_free_bytes: int) -> None:
    """Make sure that there is room for what is still to come.

    Raises:
        ResourceError: less than ``min_free_bytes`` would stay free.
    """
    try:
        free = shutil.disk_usage(next(p for p in (inbox, *inbox.parents) if p.exists())).free
    except OSError as error:
        raise from_os_error(error, "looking at the inbox") from error
    if free - wanted_bytes < min_free_bytes:
        raise ResourceError(
            f"The inbox's disk has no room for it: {free:,} bytes are free, of which "
            f"{min_free_bytes:,} are kept (NIGHTSHIFT_MIN_FREE_BYTES)."
        )


def candidates(inbox: Path, name: str) -> Iterator[Path]:
    """Places in the inbox for a file of this name: ``clip.mp4``, ``clip (2).mp4`` …"""
    yield inbox / name
    for number in count(2):
        yield inbox / names.numbered(name, number)


def land(partial: Path, target: Path) -> bool:
    """Give a whole file its name; False if another has it. Repeated, it is the same once more."""
    try:
        try:
            os.link(partial, target, follow_symlinks=False)
        except FileExistsError:
            return target.samefile(partial)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return _land_without_links(partial, target)
        _keep_names(target.parent)
    except OSError as error:
        raise from_os_error(error, f"naming {target.name}") from error
    return True


def _land_without_links(partial: Path, target: Path) -> bool:
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        return False
    partial.replace(target)  # over our own empty file alone
    _keep_names(target.parent)
    return True


def _keep_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(inbox: Path, upload_id: str) -> int:
    """Remove a partial file, if it is there; returns its bytes."""
    size = size_bytes(inbox, upload_id) or 0
    try:
        partial_path(inbox, upload_id).unlink(missing_ok=True)
    except OSError as error:
        raise from_os_error(error, "removing an upload") from error
    return size


class Found(NamedTuple):
    """A partial file as it lies there; ``written_at`` is seconds since the epoch."""

    upload_id: str
    written_at: float
    size_bytes: int


def partials(inbox: Path) -> list[Found]:
    """The partial files that there are."""
    found = []
    with suppress(FileNotFoundError), os.scandir(inbox / FOLDER) as entries:
        for entry in entries:
            if _PARTIAL.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):  # it landed just now
                    facts = entry.stat(follow_symlinks=False)
                    found.append(Found(entry.name, facts.st_mtime, facts.st_size))
    return found
