"""The picture that stands for an item, in the width that a screen wants: made once, then kept."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import item_pictures, items, ledger
from utils.db.item_pictures import ItemPicture
from utils.db.session import home_of
from utils.errors import NightShiftError, PermanentError
from utils.media.imaging import scaled, thumbnails
from utils.models.item import FileStat, MediaItem, MediaKind
from utils.processes import deadline, limits, memory
from utils.processes.deadline import Limit
from utils.storage import blobs, files, opening, picture_cache, relative_paths

WIDTHS = (160, 320, 640, 1280)  # pixels
_A_DAY_SECONDS = 86_400
# Memory and cores are for others, too: so many pictures are made at once (chosen).
_scaling = BoundedSemaphore(2)
_developing = BoundedSemaphore(1)
_PATIENCE_SECONDS = 20.0  # of whoever waits for one to be developed, and for its turn (chosen)


class Found(NamedTuple):
    """The picture of an item; how a stranger's file was ``seen``; the checksum in a store."""

    item_id: str
    picture: ItemPicture
    seen: FileStat | None = None
    stored: str | None = None


class Shown(NamedTuple):
    """A picture as it is sent: a WebP, and what changes with its content."""

    path: Path
    validator: str


def which(s: Session, item_ids: Sequence[str]) -> dict[str, Path]:
    """The picture that stands for each of some items; those without one are left out."""
    return {item_id: one.path for item_id, one in item_pictures.best(s, item_ids).items()}


def find(s: Session, item_id: str, width: int) -> Found | None:
    """The picture to be shown of an item; None if there is none.

    An image that is to be larger than our stills is shown itself.
    """
    chosen = item_pictures.original(s, item_id) if width > thumbnails.WIDTH else None
    chosen = chosen or item_pictures.best(s, [item_id]).get(item_id)
    if chosen is None:
        return None
    if chosen.is_ours:
        return Found(item_id, chosen, stored=_stored(s, item_id, chosen.path))
    rows = (row for row in items.files_of(s, item_id) if row.path == str(chosen.path))
    seen = next(
        (FileStat(path=chosen.path, size_bytes=row.size_bytes, modified_ns=row.modified_ns,
                  inode=int(row.inode)) for row in rows),
        None,
    )  # fmt: skip
    return Found(item_id, chosen, seen)


def shown(found: Found, width: int, settings: Settings) -> Shown | None:
    """The picture in a width, made if it is not there; None if it can't be shown.

    Args:
        found: Which.
        width: One of ``WIDTHS``.
        settings: Whose home it is kept in, and what a stranger's picture may take.
    """
    try:
        checksum = _checksum(found, settings)
    except (opening.GoneError, NightShiftError):
        return None
    target = picture_cache.picture(settings.home, found.item_id, checksum, width)
    if not _is_kept(target):
        refusal = picture_cache.refusal(settings.home, found.item_id, checksum)
        if refusal.exists() or not _made(found, target, width, settings, refusal):
            return None
    return Shown(target, f'"{checksum[:32]}-{width}"')


def _stored(s: Session, item_id: str, path: Path) -> str | None:
    """The checksum of a still that is not on this machine, by which a store has it."""
    if path.exists():
        return None
    made = ledger.latest_done(s, item_id, "generate_thumbnails")
    return relative_paths.digests(made.result, home_of(s)).get(path) if made else None


def _checksum(found: Found, settings: Settings) -> str:
    """The SHA-256 of the picture's content.

    Raises:
        NightShiftError: it is not there, or is another by now.
    """
    path = found.picture.path
    if found.stored and blobs.is_set(settings):
        blobs.ensure_local({path: found.stored}, settings)
    if not found.picture.is_ours:
        with opening.anywhere(path) as opened:
            if opening.is_as_seen(opened, found.seen, found.item_id):
                return found.item_id
        raise opening.GoneError(f"{path} was changed since: run over it, it is another item.")
    is_inside = relative_paths.is_below(path, settings.home)
    with opening.in_home(settings.home, path) if is_inside else opening.anywhere(path) as opened:
        return opening.sha256(opened)


def _is_kept(target: Path) -> bool:
    """True if it was made; once a day it is noted that somebody looked at it."""
    try:
        made = target.stat()
    except OSError:
        return False
    if time.time() - made.st_mtime > _A_DAY_SECONDS:
        with suppress(OSError):
            os.utime(target)
    return True


def _made(found: Found, target: Path, width: int, settings: Settings, refusal: Path) -> bool:
    picture_cache.prepare(settings.home, found.item_id)
    try:
        if found.picture.is_ours:
            with _scaling, files.whole_file(target) as temporary:
                scaled.write(found.picture.path, temporary, width)
        else:
            _develop(found, target, width, settings)
    except PermanentError:
        refusal.touch()
        return False
    except NightShiftError:
        return False
    return target.exists()


def _develop(found: Found, target: Path, width: int, settings: Settings) -> None:
    """Write a stranger's picture, in the bounds that steps have for one."""
    if not _developing.acquire(timeout=_PATIENCE_SECONDS):
        return
    try:
        path = found.picture.path
        size = found.seen.size_bytes if found.seen else 0
        item = MediaItem(item_id=found.item_id, path=path, kind=MediaKind.IMAGE, size_bytes=size,
                         title=path.stem)  # fmt: skip
        seconds = min(settings.still_timeout_seconds, _PATIENCE_SECONDS)
        limit = Limit(seconds, "NIGHTSHIFT_STILL_TIMEOUT_SECONDS", is_final=True)
        bound = memory.within(limits.memory_of_tool(item, settings))
        with deadline.within(limit), bound, files.whole_file(target) as temporary:
            scaled.write_of_stranger(path, temporary, width)
    finally:
        _developing.release()
