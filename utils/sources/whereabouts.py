"""Where items are: replaced, moved, removed, or forgotten because a person said so."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import forgotten, items, places
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import NightShiftError
from utils.storage import blobs, files


def replaced(settings: Settings) -> list[str]:
    """Paths that held items which are not done, and that hold something else by now."""
    if blobs.is_set(settings):  # another machine may have other files at a path
        return []
    with session() as s:
        rows = places.of_undone(s)
    found = []
    for row in rows:
        with suppress(NightShiftError):  # it is not there, or can't be taken: not replaced
            if not items.unchanged(row, files.stat(Path(row.path))):
                found.append(row.path)
    return found


def not_forgotten(
    s: Session, found: Sequence[Seen], again: bool
) -> tuple[list[Seen], list[tuple[Path, datetime]]]:
    """Those files whose content a person did not have forgotten; the rest, and since when.

    With ``again`` they are forgotten no more.
    """
    since = forgotten.since(s, [seen.item_id for seen in found])
    if again:
        forgotten.take_again(s, list(since))
        since = {}
    left = [seen for seen in found if seen.item_id in since]
    noted = forgotten.at(s, [seen.stat for seen in left])
    for seen in left:
        if seen.stat.path not in noted:
            forgotten.note_place(s, seen.stat, seen.item_id)
    kept = [seen for seen in found if seen.item_id not in since]
    return kept, [(seen.stat.path, since[seen.item_id]) for seen in left]


def forgotten_since(moment: datetime, location: str) -> str:
    """What to say of something that a person had forgotten."""
    command = f"nightshift run --again {shlex.quote(location)}"
    return f"forgotten on {moment:%Y-%m-%d}; taken again by: {command}"


def alive(s: Session, known: Mapping[str, list[Path]], settings: Settings) -> dict[str, list[Path]]:
    """The places of each item, without those that are dead where it has another; they go."""
    if blobs.is_set(settings):  # on another machine they may be alive
        return dict(known)
    there: dict[str, list[Path]] = {}
    for item_id, paths in known.items():
        dead = [path for path in paths if _is_gone(path)] if len(paths) > 1 else []
        if len(dead) == len(paths):
            dead = []
        places.forget(s, dead)
        there[item_id] = [path for path in paths if path not in dead]
    return there


def _is_gone(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # out of reach for now
        return False
    return False
