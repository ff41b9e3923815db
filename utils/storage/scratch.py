"""Temporary files: each process has a folder of its own, which a recovery may remove
once it is dead.

The folder lies below the home, so that what is finished there can be renamed to its place. The
kernel frees the lock on a file beside it when the process ends, however it ends (kill -9, a power
cut), so nobody has to guess from a pid or a clock.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from utils import clock
from utils.config import load_settings
from utils.errors import from_os_error
from utils.storage import home as homes
from utils.storage import removal


class Removed(NamedTuple):
    """What was removed."""

    files: int
    size_bytes: int


def folder() -> Path:
    """The folder for temporary files of this process, made and locked when first asked for.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    settings = load_settings()
    homes.prepare(settings)
    found = _own(settings.home)[0]
    try:
        found.mkdir(exist_ok=True)
    except OSError as error:
        raise from_os_error(error, f"making {found}") from error
    return found


def lock_path() -> Path:
    """The file that is locked while this process runs."""
    settings = load_settings()
    homes.prepare(settings)
    return _own(settings.home)[1]


def is_abandoned(lock: Path) -> bool:
    """True if no living process of this machine holds the lock on ``lock``."""
    if not lock.exists():
        return True
    if lock in _OWNED:
        return False
    attempt = FileLock(lock)
    try:
        attempt.acquire(timeout=0)
    except (Timeout, OSError):  # not ours to lock: then not ours to remove
        return False
    attempt.release()
    return True


@cache
def host() -> str:
    """This machine, or this container of it: where paths and locks mean the same."""
    try:
        space = f"/{Path('/proc/self/ns/mnt').stat().st_ino}"
    except OSError:  # no Linux
        space = ""
    return f"{socket.gethostname()}{space}"


def remove_abandoned(home: Path, dry_run: bool = False) -> Removed:
    """Remove the temporary files of dead processes.

    Of other machines, and of containers that were replaced, only what has shown no sign of life
    for a day: not every shared file system passes on locks. What another process removes at the
    same moment, and what can't be removed now, is left to the next time; so is what is not named
    as ours is.
    """
    count = size = 0
    for name in removal.names(home, _PLACE, _LOCK):
        lock = _root(home) / name
        with suppress(OSError):
            is_ours = _host_part(lock.stem) == _host_part(_name(""))
            if not (is_ours or _is_old(lock)) or not is_abandoned(lock):
                continue
            place = lock.with_suffix("")
            if place.is_symlink():
                continue
            found = _sizes(place)
            count, size = count + len(found), size + sum(found)
            if not dry_run and removal.remove(home, _PLACE, place.name):
                removal.remove(home, _PLACE, name)
    return Removed(count, size)


def _sizes(folder: Path) -> list[int]:
    """The sizes of the files below a folder, in bytes; of what vanishes meanwhile none."""
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and not path.is_symlink():
                found.append(path.stat().st_size)
    return found


def touch_lock() -> None:
    """Told at each heartbeat: this process's folder is in use."""
    with suppress(OSError):
        lock_path().touch()


def _is_old(lock: Path) -> bool:
    with suppress(OSError):
        return clock.now().timestamp() - lock.stat().st_mtime > _SILENT_SECONDS
    return False


_PLACE = "scratch"
_LOCK = re.compile(r".+_[0-9a-f]{12}\.lock")  # as _own names them
_SILENT_SECONDS = 24 * 3600.0  # chosen
_OWNED: dict[Path, FileLock] = {}


@cache
def _own(home: Path) -> tuple[Path, Path]:
    place = _root(home) / _name(uuid.uuid4().hex[:12])
    lock = place.with_suffix(".lock")
    try:
        place.mkdir(parents=True)
        held = FileLock(lock)
        held.acquire(timeout=10)
    except OSError as error:
        raise from_os_error(error, f"making {place}") from error
    _OWNED[lock] = held
    atexit.register(_leave, place, lock, os.getpid())
    return place, lock


def _leave(place: Path, lock: Path, pid: int) -> None:
    if os.getpid() != pid:  # a fork is not the owner
        return
    shutil.rmtree(place, ignore_errors=True)
    lock.unlink(missing_ok=True)
    _OWNED.pop(lock).release()


def _root(home: Path) -> Path:
    return home / _PLACE


def _name(unique: str) -> str:
    return f"{host().replace('/', '-').replace('.', '-')}_{unique}"


def _host_part(name: str) -> str:
    return name.rpartition("_")[0]
