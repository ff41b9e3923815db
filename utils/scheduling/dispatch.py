"""What is dispatched to workers, and what came of it (subflows/dispatch.py asks)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils import clock
from utils.config import Settings
from utils.db import downloads, flags, items, queue, runs, workers
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import StoppedError
from utils.housekeeping import recovery
from utils.models.item import Entry
from utils.models.queues import HIGH_MEMORY
from utils.models.shift import ItemOutcome
from utils.models.window import Window
from utils.scheduling.window import opening
from utils.storage import blobs


class WorkUnit(NamedTuple):
    """An item, or an entry to fetch; ``weight`` is its predicted work, in bytes of its file."""

    work: str | Entry
    weight: float
    heavy: bool
    path: Path | None = None

    @property
    def name(self) -> str:
        """The item's checksum, or the entry's address."""
        return self.work if isinstance(self.work, str) else self.work.url


def waiting(limit: int, max_tries: int, away: Sequence[str] = ()) -> list[str]:
    """Up to ``limit`` items that wait, in their order; nobody has claimed them yet.

    ``away``: folders that are not there now.
    """
    with session() as s:
        return queue.unclaimed(s, max_tries, limit, away)


def work_units(works: Sequence[str | Entry], settings: Settings) -> list[WorkUnit]:
    """Works with what they weigh; an entry weighs as much as a middling item."""
    ids = [work for work in works if isinstance(work, str)]
    with session() as s:
        rows = {row.id: row for row in items.preload(s, ids)}
        sizes = sorted(row.size_bytes for row in rows.values())
        usual = float(sizes[len(sizes) // 2]) if sizes else 1.0
        return [
            _of_item(s, settings, rows[work])
            if isinstance(work, str)
            else WorkUnit(work, usual, _is_long(settings, work.duration_seconds))
            for work in works
            if not isinstance(work, str) or work in rows
        ]


def _of_item(s: Session, settings: Settings, row: Item) -> WorkUnit:
    path = items.path_here(s, row.id, shared=True) if blobs.is_set(settings) else None
    large = row.size_bytes >= settings.high_memory_bytes or _is_long(settings, row.duration_seconds)
    heavy = row.queue == HIGH_MEMORY or (large and row.queue is None)
    return WorkUnit(row.id, float(row.size_bytes), heavy, path)


def _is_long(settings: Settings, seconds: float | None) -> bool:
    return seconds is not None and seconds >= settings.high_memory_minutes * 60


class Unfinished(NamedTuple):
    """What a chunk that broke off left: ``suspects`` were in work when its process died."""

    suspects: list[WorkUnit]
    others: list[WorkUnit]


def unfinished(run_id: str, chunk: Sequence[WorkUnit]) -> Unfinished:
    """Those of a chunk that a run has no outcome for; what was stopped counts as none.

    Outcomes that only say so are taken back: the next worker notes its own.
    """
    entries = [unit.work for unit in chunk if isinstance(unit.work, Entry)]
    with session() as s:
        fetched = downloads.known(s, entries)
        ids = {_item_id(unit, fetched) for unit in chunk} - {None}
        runs.forget_stopped(s, run_id, [item_id for item_id in ids if item_id])
        noted = runs.noted(s, run_id)
        lost = runs.items_lost(s, run_id)
    left = [
        unit for unit in chunk if unit.name not in noted and _item_id(unit, fetched) not in noted
    ]
    in_work = {unit.name for unit in left if _ledger_id(unit) in lost}
    return Unfinished(
        suspects=[unit for unit in left if unit.name in in_work],
        others=[unit for unit in left if unit.name not in in_work],
    )


def left_of(run_id: str, item_ids: Sequence[str]) -> list[str]:
    """Those of a chunk's items that its run is not through with.

    A chunk that began so late that it was taken for dead, and was dispatched again, leaves what
    the other one did as it is: it would be told twice.
    """
    with session() as s:
        through = runs.through(s, run_id, item_ids)
    return [item_id for item_id in item_ids if item_id not in through]


def _item_id(unit: WorkUnit, fetched: dict[str, str]) -> str | None:
    """The item of a unit; None of an entry that was not fetched."""
    return unit.work if isinstance(unit.work, str) else fetched.get(unit.work.item_id)


def _ledger_id(unit: WorkUnit) -> str:
    return unit.work if isinstance(unit.work, str) else unit.work.item_id


def closed(window: Window | None) -> str | None:
    """Why nothing more may be dispatched tonight; None while it may."""
    if window and not opening(window, clock.now()):
        return f"the window {window} has closed"
    return None


def paused() -> str | None:
    """Why nothing may be dispatched now; None if nobody has paused the shifts."""
    with session() as s:
        return flags.why_paused(s)


def workers_alive() -> set[str]:
    """The workers that are not dead."""
    with session() as s:
        return workers.alive(s)


def release_dead(worker: str, settings: Settings) -> None:
    """A worker whose process is known to have ended: what it had is free at once.

    On its own machine the lock says so; elsewhere its lease might last a while still.
    """
    with session() as s:
        workers.expire(s, worker)
    recovery.recover(settings)


def given_up(unit: WorkUnit, tries: int, why: str) -> ItemOutcome:
    """The outcome of what was dispatched ``tries`` times and was never finished."""
    item_id, path = None, unit.name
    if isinstance(unit.work, str):
        item_id = unit.work
        with session() as s:
            path = str(next(iter(items.paths_of(s, unit.work)), unit.name))
    error = StoppedError(
        f"Dispatched {tries} times, and each time its worker broke off: {why} "
        "The next shift tries again; look at the worker's log and the machine's memory."
    )
    return ItemOutcome.failure(path, error, item_id).model_copy(update={"reason": "Crashed"})
