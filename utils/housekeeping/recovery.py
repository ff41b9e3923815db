"""Recovery: what dead processes left behind is put in order, at the start of each run, at each
heartbeat, and by `nightshift doctor --fix`.

Items are free again, their broken-off executions and runs say so, leases and temporary files
are gone. Everything that was finished stays finished.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import humanize
from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import abandoned, downloads, queue, source_files
from utils.db.session import session
from utils.errors import PermanentError
from utils.storage import removal, scratch

_AT_ONCE = 5000  # rows in one transaction
_KEY = re.compile(r"[0-9a-f]{64}")  # of an entry that was fetched: utils/models/item.py


class Recovered(NamedTuple):
    """What was found and put in order; empty where all was well."""

    runs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    executions: int = 0
    quarantined: tuple[str, ...] = ()
    files: int = 0
    size_bytes: int = 0

    def __bool__(self) -> bool:
        """True if anything was found."""
        return any(self)


def in_words(recovered: Recovered) -> str:
    """What a recovery found, for people."""
    size = humanize.naturalsize(recovered.size_bytes, binary=True)
    parts = (
        (len(recovered.runs), "open runs"),
        (len(recovered.items), "claimed items"),
        (recovered.executions, "running steps"),
        (
            len(recovered.quarantined),
            "items quarantined, as the process died in them again and again",
        ),
        (recovered.files, f"temporary files ({size})"),
    )
    return ", ".join(f"{number} {what}" for number, what in parts if number)


def recover(settings: Settings, dry_run: bool = False) -> Recovered:
    """Release and close what dead workers left; with ``dry_run`` only say what that is.

    Raises:
        NightShiftError: the database or the disk can't be used now.
    """
    recovered = Recovered()
    while True:
        with session() as s:
            part = _rows(s, settings, dry_run)
        recovered = Recovered(
            recovered.runs + part.runs,
            recovered.items + part.items,
            recovered.executions + part.executions,
            recovered.quarantined + part.quarantined,
        )
        if dry_run or len(part.items) < _AT_ONCE:
            break
    removed = scratch.remove_abandoned(settings.home, dry_run)
    if not dry_run:
        _forget_incoming(settings)
    return recovered._replace(files=removed.files, size_bytes=removed.size_bytes)


def _rows(s: Session, settings: Settings, dry_run: bool) -> Recovered:
    found = abandoned.find(s, _AT_ONCE)
    open_runs = found.runs + found.music_runs
    if dry_run:
        return Recovered(open_runs, found.items, len(found.executions))
    abandoned.clear(s, found)
    fatal = abandoned.fatal_steps(s, found.items, settings.max_crashes)
    for item_id, step in fatal.items():
        why = (
            f"Its process died {settings.max_crashes} times in a row in {step}. Look at the file, "
            "at the machine's memory and its log, then requeue it."
        )
        queue.quarantine(s, item_id, step, why)
        source_files.failed(s, item_id, settings.max_tries, PermanentError(why))
    return Recovered(open_runs, found.items, len(found.executions), tuple(fatal))


def _forget_incoming(settings: Settings) -> None:
    """Remove downloads that were registered before their run could tidy up."""
    place = settings.incoming.name
    waiting = removal.names(settings.home, place, _KEY)
    if not waiting:
        return
    with session() as s:
        known = downloads.keys_among(s, waiting)
    for name in waiting:
        if name in known:
            removal.remove(settings.home, place, name)
