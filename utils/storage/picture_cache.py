"""Small pictures of items, kept so that each is made once: a cache, bounded in size.

``cache/pictures/<first two>/<item>/<checksum of the picture>-<width>.webp`` below the home; what is
removed is made again when it is asked for. An empty ``….none`` says that a picture can't be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from utils.errors import from_os_error
from utils.storage import removal

_PLACE = "cache/pictures"
_ITEM = re.compile(r"[0-9a-f]{64}")
_FIRST_TWO = re.compile(r"[0-9a-f]{2}")
_FILE = re.compile(r"[0-9a-f]{64}(-\d+\.webp|\.none)")
MOST_BYTES = 4 * 10**9  # 100,000 items in two widths; chosen


class Removed(NamedTuple):
    """How many pictures went, and their size."""

    files: int
    size_bytes: int


class _Cached(NamedTuple):
    used_at: float
    size_bytes: int
    folder: str
    name: str


def picture(home: Path, item_id: str, checksum: str, width: int) -> Path:
    """Where a picture of an item lies in a width (pixels) once it was made."""
    return _folder(home, item_id) / f"{checksum}-{width}.webp"


def refusal(home: Path, item_id: str, checksum: str) -> Path:
    """What lies there if the picture can't be read."""
    return _folder(home, item_id) / f"{checksum}.none"


def prepare(home: Path, item_id: str) -> None:
    """Make the folder of an item."""
    try:
        _folder(home, item_id).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, "keeping a small picture") from error


def forget(home: Path, item_id: str) -> bool:
    """Remove all pictures of an item; False if something could not be removed."""
    if not _folder(home, item_id).exists():
        return True
    place = f"{_PLACE}/{item_id[:2]}"
    return removal.remove(home, place, item_id) or not _folder(home, item_id).exists()


def shrink(home: Path, most_bytes: int = MOST_BYTES, dry_run: bool = False) -> Removed:
    """Remove the pictures that nobody has looked at for longest until the rest fit."""
    found = sorted(_every(home))
    left = sum(one.size_bytes for one in found)
    files = freed = 0
    for one in found:
        if left <= most_bytes:
            break
        left -= one.size_bytes
        if dry_run or removal.remove(home, one.folder, one.name):
            files, freed = files + 1, freed + one.size_bytes
    return Removed(files, freed)


def _every(home: Path) -> Iterator[_Cached]:
    for first in removal.names(home, _PLACE, _FIRST_TWO):
        for item_id in removal.names(home, f"{_PLACE}/{first}", _ITEM):
            place = f"{_PLACE}/{first}/{item_id}"
            for name in removal.names(home, place, _FILE):
                try:
                    found = (home / place / name).lstat()
                except OSError:
                    continue
                used_at = max(found.st_atime, found.st_mtime)
                yield _Cached(used_at, found.st_size, place, name)


def _folder(home: Path, item_id: str) -> Path:
    return home / _PLACE / item_id[:2] / item_id
