"""What dead processes left behind, put in order: at the start of each run, at each heartbeat,
and by `nightshift doctor --fix`.

Items go back to where they stood, their broken-off executions and runs say so, leases and
temporary files are gone. Everything that was finished stays finished.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import NamedTuple

import humanize
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from utils import scratch
from utils.config import Settings
from utils.db import holders, ledger, standing
from utils.db.schema import Archived, Execution, Holder, Item, Lease, Run, now
from utils.db.session import session
from utils.models.shift import RunStatus

_AT_ONCE = 5000  # rows in one transaction


class Swept(NamedTuple):
    """What was found and mended; empty where all was well."""

    runs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    executions: int = 0
    quarantined: tuple[str, ...] = ()
    files: int = 0
    size_bytes: int = 0

    def __bool__(self) -> bool:
        """True if anything was found."""
        return any(self)


def in_words(swept: Swept) -> str:
    """What a sweep found, for people."""
    parts = (
        (len(swept.runs), "open runs"),
        (len(swept.items), "claimed items"),
        (swept.executions, "running steps"),
        (len(swept.quarantined), "items quarantined, as the process died in them again and again"),
        (swept.files, f"temporary files ({humanize.naturalsize(swept.size_bytes, binary=True)})"),
    )
    return ", ".join(f"{number} {what}" for number, what in parts if number)


def sweep(settings: Settings, dry_run: bool = False) -> Swept:
    """Put in order what belongs to nobody alive; with ``dry_run`` only say what that is."""
    swept = Swept()
    while True:
        with session() as s:
            part = _rows(s, settings, dry_run)
        swept = Swept(
            swept.runs + part.runs,
            swept.items + part.items,
            swept.executions + part.executions,
            swept.quarantined + part.quarantined,
        )
        if dry_run or len(part.items) < _AT_ONCE:
            break
    removed = scratch.sweep(settings.home, dry_run)
    if not dry_run:
        _forget_incoming(settings)
    return swept._replace(files=removed.files, size_bytes=removed.size_bytes)


def _rows(s: Session, settings: Settings, dry_run: bool) -> Swept:
    gone = {row.id for row in holders.dead(s)}
    alive = select(Holder.id).where(Holder.id.not_in(gone))
    living = select(Holder.run_id).where(Holder.id.in_(alive), Holder.run_id.is_not(None))
    stray = Item.claimed_by.is_not(None) & Item.claimed_by.not_in(alive)
    # Locked rows are in another sweep's hands.
    orphans = list(
        s.scalars(select(Item.id).where(stray).limit(_AT_ONCE).with_for_update(skip_locked=True))
    )
    lost = list(
        s.scalars(
            select(Run.id).where(Run.status == RunStatus.RUNNING.value, Run.id.not_in(living))
        )
    )
    broken = _broken_off(s, orphans, lost)
    if dry_run:
        return Swept(tuple(lost), tuple(orphans), len(broken))
    _note_lost(s, broken)
    s.execute(
        update(Run)
        .where(Run.id.in_(lost))
        .values(
            status=RunStatus.CRASHED.value,
            ended_at=now(),
            reason="its process was killed; what it had finished is kept",
        )
    )
    standing.free(s, orphans, settings.max_tries)
    s.execute(delete(Lease).where(Lease.holder.not_in(alive)))
    s.execute(delete(Holder).where(Holder.id.in_(gone)))
    deadly = _deadly(s, orphans, settings.max_crashes)
    for item_id, step in deadly.items():
        standing.quarantine(
            s,
            item_id,
            f"Its process died {settings.max_crashes} times in a row in {step}. Look at the file, "
            "at the machine's memory and its log, then requeue it.",
        )
    return Swept(tuple(lost), tuple(orphans), len(broken), tuple(deadly))


def _broken_off(s: Session, orphans: Sequence[str], lost: Sequence[str]) -> list[int]:
    """Executions that nobody will finish."""
    if not (orphans or lost):
        return []
    running = select(Execution.id).where(Execution.status == ledger.RUNNING)
    by_item = s.scalars(running.where(Execution.item_id.in_(orphans)))
    by_run = s.scalars(running.where(Execution.run_id.in_(lost)))
    return sorted({*by_item, *by_run})


def _note_lost(s: Session, broken: Sequence[int]) -> None:
    s.execute(
        update(Execution)
        .where(Execution.id.in_(broken))
        .values(
            status=ledger.LOST,
            ended_at=now(),
            error_class="Crashed",
            error="The process was killed while this step ran.",
        )
    )


def _deadly(s: Session, orphans: Sequence[str], max_crashes: int) -> dict[str, str]:
    """Items in which the process died ``max_crashes`` times in a row, and in which step."""
    if not orphans:
        return {}
    last_done = (
        select(Execution.item_id, Execution.step, func.max(Execution.id).label("id"))
        .where(Execution.item_id.in_(orphans), Execution.status != ledger.LOST)
        .group_by(Execution.item_id, Execution.step)
        .subquery()
    )
    crashes = (
        select(Execution.item_id, Execution.step)
        .outerjoin(
            last_done,
            (last_done.c.item_id == Execution.item_id) & (last_done.c.step == Execution.step),
        )
        .where(
            Execution.item_id.in_(orphans),
            Execution.status == ledger.LOST,
            Execution.id > func.coalesce(last_done.c.id, 0),
        )
        .group_by(Execution.item_id, Execution.step)
        .having(func.count() >= max_crashes)
    )
    return {item_id: step for item_id, step in s.execute(crashes)}  # noqa: C416 (a Row)


def _forget_incoming(settings: Settings) -> None:
    """Remove downloads that were registered before their run could tidy up."""
    waiting = list(settings.incoming.iterdir()) if settings.incoming.is_dir() else []
    if not waiting:
        return
    with session() as s:
        known = set(
            s.scalars(select(Archived.key).where(Archived.key.in_([p.name for p in waiting])))
        )
    for path in waiting:
        if path.name in known:
            shutil.rmtree(path, ignore_errors=True)
