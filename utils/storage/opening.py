"""Files opened for somebody else to read: the very one that is meant, and nothing behind a link.

What is opened is what is looked at afterwards: a path that leads elsewhere a moment later leads
nobody there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from utils.errors import PermanentError, from_os_error
from utils.models.item import FileStat
from utils.storage import removal

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO in its place keeps nobody waiting
_CHUNK_BYTES = 2**20
# The content of larger ones is not read for their checksum (chosen): size, time and inode tell.
_READ_BYTES = 2**26
_KEPT = 4096
_digests: dict[tuple[int, ...], str] = {}  # of files that were read, by what changes with them


class GoneError(PermanentError):
    """The file is not there, or is not what it was."""


def in_home(home: Path, path: Path) -> BinaryIO:
    """Open a file below a home, no folder on the way and itself being no link.

    Raises:
        GoneError: it is not there.
    """
    with removal.opened(home, str(path.parent.relative_to(home))) as folder:
        if folder is None:
            raise _gone(path)
        return _opened(path, folder)


def anywhere(path: Path) -> BinaryIO:
    """Open a file where it was seen; it is a link's own target, if it is one.

    Raises:
        GoneError: it is not there.
    """
    return _opened(path, None)


def holds(file: BinaryIO, sha256: str | None) -> bool:
    """True if an open file has this content; it is read for that."""
    return _sha256(file, os.fstat(file.fileno())) == sha256


def sha256(file: BinaryIO) -> str:
    """The checksum of an open file; it is read for that, unless it was read before."""
    return _sha256(file, os.fstat(file.fileno()))


def is_as_seen(file: BinaryIO, seen: FileStat | None, item_id: str) -> bool:
    """True if an open file holds the item that was ``seen`` there: else its content is read."""
    found = os.fstat(file.fileno())
    facts = (found.st_size, found.st_mtime_ns, found.st_ino)
    if seen and facts == (seen.size_bytes, seen.modified_ns, seen.inode):
        return True
    return bool(seen and seen.size_bytes == found.st_size and _sha256(file, found) == item_id)


def validator(file: BinaryIO, sha256: str | None = None) -> str:
    """A strong ``ETag`` of an open file: its checksum; of a large one what changes with it."""
    found = os.fstat(file.fileno())
    if sha256 is None and found.st_size <= _READ_BYTES:
        sha256 = _sha256(file, found)
    facts = f"{found.st_dev}-{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
    return f'"{sha256 or hashlib.sha256(facts.encode()).hexdigest()[:32]}"'


def _sha256(file: BinaryIO, found: os.stat_result) -> str:
    facts = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if (known := _digests.get(facts)) is not None:
        return known
    digest, start = hashlib.sha256(), 0
    while chunk := os.pread(file.fileno(), _CHUNK_BYTES, start):
        digest.update(chunk)
        start += len(chunk)
    if len(_digests) >= _KEPT:
        _digests.clear()
    _digests[facts] = digest.hexdigest()
    return digest.hexdigest()


def _opened(path: Path, folder: int | None) -> BinaryIO:
    try:
        if folder is None:
            descriptor = os.open(path, _FLAGS)
        else:
            descriptor = os.open(path.name, _FLAGS | os.O_NOFOLLOW, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        raise _gone(path) from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link, a socket
            raise _gone(path) from None
        raise from_os_error(error, f"opening {path.name}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _gone(path)
    return os.fdopen(descriptor, "rb")


def _gone(path: Path) -> GoneError:
    return GoneError(f"{path} vanished, or is no file any more. Put it back, or run over it again.")
