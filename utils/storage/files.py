"""Where an item's files lie, and how they get there: whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.errors import NightShiftError, PermanentError, RetryableError, from_os_error
from utils.models.item import FileStat
from utils.processes import deadline
from utils.storage import scratch

_CHUNK_BYTES = 2**23
_TOLD_BYTES = 2**28  # less is read in a second


def item_folder(home: Path, item_id: str) -> Path:
    """``home/items/<first two>/<checksum>``, made if missing."""
    folder = home / "items" / item_id[:2] / item_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, f"making {folder}") from error
    return folder


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary name that becomes ``target`` if the block succeeds.

    What the block wrote is flushed to disk and renamed over ``target``; after any exception,
    and if the block removed or never wrote it, nothing is left. It lies in this process's
    scratch folder, so that nothing is left after kill -9 either (utils/housekeeping/recovery.py).
    """
    name = f".{uuid.uuid4().hex}.part{target.suffix}"
    try:
        temporary = scratch.folder() / name
        if temporary.parent.stat().st_dev != target.parent.stat().st_dev:  # weights, elsewhere
            temporary = target.with_name(name)
    except OSError as error:
        raise from_os_error(error, f"writing {target.name}") from error
    try:
        yield temporary
        if temporary.exists():
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
    except OSError as error:
        raise from_os_error(error, f"writing {target.name}") from error
    finally:
        temporary.unlink(missing_ok=True)


def moved_folder(source: Path, target: Path) -> Path:
    """``source`` under the name of ``target``, where nothing is."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return source.replace(target)
    except OSError as error:
        raise from_os_error(error, f"moving {source.name} to {target}") from error


def linked(source: Path, target: Path) -> None:
    """Have ``target`` hold what ``source`` holds; a copy where the file system has no links."""
    try:
        with whole_file(target) as temporary:
            try:
                os.link(source, temporary)
            except OSError:
                shutil.copy2(source, temporary)
    except shutil.Error as error:
        raise RetryableError(f"{source.name} could not be copied: {error}.") from error


def absolute(location: str) -> Path:
    """The absolute path of what a person typed, without ``~``, ``.`` and ``..``.

    Raises:
        PermanentError: it is blank, which would be the working directory, or no path.
    """
    if not location.strip() or "\0" in location:
        raise PermanentError("A path is empty. Name a file, a folder or an address.")
    path = Path(location)
    with contextlib.suppress(RuntimeError):  # "~name" of nobody is a file of that name
        path = path.expanduser()
    return Path(os.path.normpath(path.absolute()))


def is_there(path: Path) -> bool:
    """True if something lies at a path, or if that may not be seen."""
    try:
        return path.exists()
    except PermissionError:
        return True
    except OSError:  # a name too long to exist
        return False


def is_folder(path: Path) -> bool:
    """True if a folder lies at a path; False also where that may not be seen."""
    try:
        return path.is_dir()
    except OSError:  # or a name too long to exist: complained of when it is looked at
        return False


def stat(path: Path) -> FileStat:
    """Size, time and inode of a file that is there, is a file and is not empty.

    Raises:
        PermanentError: it is missing, empty, or no file.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise PermanentError(
            f"{path} does not exist. Check the spelling, then run again."
        ) from error
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    if path.is_dir():  # one that may be read is searched, and asked about no further
        raise PermanentError(f"The folder {path} may not be read. Change its permissions.")
    if not path.is_file():
        raise PermanentError(f"{path} is no regular file, or may not be read.")
    if found.st_size == 0:
        raise PermanentError(f"{path.name} is empty (0 bytes). Get the file again.")
    return FileStat(
        path=path,
        size_bytes=found.st_size,
        modified_ns=found.st_mtime_ns,
        inode=found.st_ino,
    )


def seen(path: Path) -> FileStat | None:
    """The same; None if there is no such file."""
    try:
        return stat(path)
    except NightShiftError:
        return None


def is_changed(before: FileStat) -> bool:
    """True if another file, or another content, is at the path by now; not if there is none."""
    found = seen(before.path)
    return found is not None and found != before


def sha256(path: Path, hear: Callable[[float], None] | None = None) -> str:
    """The SHA-256 of a file's content, as 64 hex digits.

    Args:
        path: The file.
        hear: Is told the share that was read, 0–1, of a file that takes a while.

    Raises:
        PermanentError: it takes longer than the deadline, or may not be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                deadline.check(f"reading {path.name}")
                if hear and size > _TOLD_BYTES:
                    hear(min(1.0, file.tell() / size))
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    return digest.hexdigest()
