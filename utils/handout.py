"""What is handed out to workers, and what came of it: the database's side of flows/dispatch.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils import clock, sweep
from utils.config import Settings, load_settings
from utils.db import archive, flags, holders, items, ledger, runs, standing
from utils.db.schema import Execution, Holder, Item, RunItem
from utils.db.session import session
from utils.errors import StoppedError
from utils.models.item import Entry
from utils.models.shift import ItemOutcome, Outcome
from utils.window import Window, opening


class Piece(NamedTuple):
    """An item, or an entry to fetch; ``weight`` is its predicted work, in bytes of its file."""

    work: str | Entry
    weight: float
    heavy: bool
    path: Path | None = None

    @property
    def name(self) -> str:
        """The item's checksum, or the entry's address."""
        return self.work if isinstance(self.work, str) else self.work.url


def waiting(limit: int) -> list[str]:
    """Up to ``limit`` items that wait, in their order; nobody has claimed them yet."""
    query = standing.waiting(load_settings().max_tries).with_only_columns(Item.id)
    with session() as s:
        return list(s.scalars(query.where(Item.claimed_by.is_(None)).limit(limit)))


def pieces(works: Sequence[str | Entry]) -> list[Piece]:
    """Works with what they weigh; an entry weighs as much as a middling item."""
    settings = load_settings()
    ids = [work for work in works if isinstance(work, str)]
    with session() as s:
        rows = {row.id: row for row in items.preload(s, ids)}
        sizes = sorted(row.size_bytes for row in rows.values())
        usual = float(sizes[len(sizes) // 2]) if sizes else 1.0
        return [
            _piece(s, settings, rows[work])
            if isinstance(work, str)
            else Piece(work, usual, _is_long(settings, work.duration_seconds))
            for work in works
            if not isinstance(work, str) or work in rows
        ]


def _piece(s: Session, settings: Settings, row: Item) -> Piece:
    path = items.path_here(s, row) if settings.store_url else None
    return Piece(row.id, float(row.size_bytes), _is_heavy(settings, row), path)


def _is_heavy(settings: Settings, row: Item) -> bool:
    return row.size_bytes >= settings.high_memory_bytes or _is_long(settings, row.duration_seconds)


def _is_long(settings: Settings, seconds: float | None) -> bool:
    return seconds is not None and seconds >= settings.high_memory_minutes * 60


class Rest(NamedTuple):
    """What a chunk that broke off left: ``suspects`` were in work when its process died."""

    suspects: list[Piece]
    others: list[Piece]


def unsettled(run_id: str, chunk: Sequence[Piece]) -> Rest:
    """Those of a chunk that a run has no outcome for; what was stopped counts as none.

    Outcomes that only say so are taken back: the next worker notes its own.
    """
    entries = [piece.work for piece in chunk if isinstance(piece.work, Entry)]
    with session() as s:
        fetched = archive.known(s, entries)
        ids = {p.work if isinstance(p.work, str) else fetched.get(p.work.item_id) for p in chunk}
        names = {piece.name for piece in chunk}
        stopped = (RunItem.outcome == Outcome.FAILED.value) & (
            RunItem.reason == StoppedError.__name__
        )
        s.execute(
            delete(RunItem).where(RunItem.run_id == run_id, RunItem.item_id.in_(ids), stopped)
        )
        noted = {
            known
            for row in s.execute(
                select(RunItem.item_id, RunItem.path).where(RunItem.run_id == run_id)
            )
            for known in row
            if known in ids or known in names
        }
        lost = set(
            s.scalars(
                select(Execution.item_id).where(
                    Execution.run_id == run_id, Execution.status == ledger.LOST
                )
            )
        )
    left = [
        piece
        for piece in chunk
        if piece.name not in noted
        and not (isinstance(piece.work, Entry) and fetched.get(piece.work.item_id) in noted)
    ]
    keys = {
        piece.name: piece.work if isinstance(piece.work, str) else piece.work.item_id
        for piece in left
    }
    return Rest(
        suspects=[piece for piece in left if keys[piece.name] in lost],
        others=[piece for piece in left if keys[piece.name] not in lost],
    )


def closed(window: Window | None) -> str | None:
    """Why nothing more may be handed out tonight; None while it may."""
    if window and not opening(window, clock.now()):
        return f"the window {window} has closed"
    return None


def paused() -> str | None:
    """Why nothing may be handed out now; None if nobody has paused the shifts."""
    with session() as s:
        return flags.why_paused(s)


def leave_over(run_id: str, number: int, reason: str) -> None:
    """Note that so many were not handed out, and why; they wait where they were."""
    with session() as s:
        runs.leave_over(s, run_id, number, reason)


def living() -> set[str]:
    """The holders that are not dead."""
    with session() as s:
        return holders.living(s)


def bury(holder: str) -> None:
    """A holder whose process is known to have ended: what it had is free at once.

    On its own machine the lock says so; elsewhere its lease might last a while still.
    """
    with session() as s:
        _expire(s, holder)
    sweep.sweep(load_settings())


def _expire(s: Session, holder: str) -> None:
    row = s.get(Holder, holder)
    if row is not None:
        row.alive_until = holders.clock(s) - timedelta(seconds=1)


def given_up(piece: Piece, tries: int, why: str) -> ItemOutcome:
    """The outcome of what was handed out ``tries`` times and never came to an end."""
    known_as = (piece.work, None) if isinstance(piece.work, str) else (None, None)
    with session() as s:
        path = piece.name
        if isinstance(piece.work, str):
            path = str(next(iter(items.paths_of(s, piece.work)), piece.name))
    error = StoppedError(
        f"Handed out {tries} times, and each time its worker broke off: {why} "
        "The next shift tries again; look at the worker's log and the machine's memory."
    )
    return ItemOutcome.failure(path, error, *known_as).model_copy(update={"reason": "Crashed"})
