"""Removing what is ours from a home: by name, inside a marked home, never through a link.

Each folder on the way is opened without following links, and what is removed is named relative to
the folder that was opened: swapping a folder for a link meanwhile leads nowhere else.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.storage import home as homes

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def opened(home: Path, place: str) -> Iterator[int | None]:
    """A descriptor of the folder ``place`` below ``home``.

    None if it is not there, if it or a folder above it is a link, or if ``home`` has no mark.
    """
    descriptor = _open(home, place)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def names(home: Path, place: str, pattern: re.Pattern[str]) -> list[str]:
    """The names in a folder that match ``pattern`` as a whole, sorted; links are left out."""
    with opened(home, place) as folder:
        if folder is None:
            return []
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if pattern.fullmatch(entry.name) and not entry.is_symlink()
            )


def remove(home: Path, place: str, name: str) -> bool:
    """Remove the file or folder ``name`` in the folder ``place``; False if it is still there.

    A link is left alone. Links inside a removed folder go, what they lead to stays.
    """
    if name in {"", ".", ".."} or "/" in name:
        return False
    with opened(home, place) as folder:
        if folder is None:
            return False
        try:
            mode = _mode(name, folder)
            if stat.S_ISDIR(mode):
                shutil.rmtree(name, ignore_errors=True, dir_fd=folder)
                _mode(name, folder)  # something in it could not be removed
                return False
            if stat.S_ISLNK(mode):
                return False
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return True
        except OSError:
            return False
    return True


def _mode(name: str, folder: int) -> int:
    return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode


def _open(home: Path, place: str) -> int | None:
    if not homes.is_marked(home):
        return None
    try:
        descriptor = os.open(home, _FOLDER)  # a person may have made the home itself a link
    except OSError:
        return None
    for part in Path(place).parts:
        try:
            below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor
