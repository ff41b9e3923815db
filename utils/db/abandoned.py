"""Rows that dead workers left behind: claimed items, open runs, running executions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import music_runs, publications, source_files, workers
from utils.db import runs as run_table
from utils.db.schema import Execution, ExecutionStatus, Item, Lease, Run, Worker
from utils.models.shift import RunStatus


class Abandoned(NamedTuple):
    """Ids of what dead workers left: claimed items, open runs, running executions.

    ``music_runs``: open runs of the music library's flows.
    """

    items: tuple[str, ...]
    runs: tuple[str, ...]
    executions: tuple[int, ...]
    workers: tuple[str, ...]
    music_runs: tuple[str, ...] = ()


def find(s: Session, limit: int) -> Abandoned:
    """What is abandoned, ``limit`` items at most; they are locked until the transaction ends.

    Items that another recovery has locked are left to it.
    """
    gone = {row.id for row in workers.dead(s)}
    alive = select(Worker.id).where(Worker.id.not_in(gone))
    at_work = select(Worker.run_id).where(Worker.id.in_(alive), Worker.run_id.is_not(None))
    stray = Item.claimed_by.is_not(None) & Item.claimed_by.not_in(alive)
    items = s.scalars(
        select(Item.id).where(stray).limit(limit).with_for_update(skip_locked=True)
    ).all()
    runs = s.scalars(
        select(Run.id).where(Run.status == RunStatus.RUNNING.value, Run.id.not_in(at_work))
    ).all()
    return Abandoned(
        tuple(items),
        tuple(runs),
        tuple(_executions(s, items, runs)),
        tuple(sorted(gone)),
        tuple(music_runs.abandoned(s, at_work)),
    )


def _executions(s: Session, items: Sequence[str], runs: Sequence[str]) -> list[int]:
    """Executions that nobody will finish."""
    if not (items or runs):
        return []
    running = select(Execution.id).where(Execution.status == ExecutionStatus.RUNNING)
    by_item = s.scalars(running.where(Execution.item_id.in_(items)))
    by_run = s.scalars(running.where(Execution.run_id.in_(runs)))
    return sorted({*by_item, *by_run})


def clear(s: Session, found: Abandoned) -> None:
    """Release items and objects, close runs and executions as crashed, forget the dead workers."""
    s.execute(
        update(Execution)
        .where(Execution.id.in_(found.executions))
        .values(
            status=ExecutionStatus.LOST,
            ended_at=now(),
            error_class="Crashed",
            error="The process was killed while this step ran.",
        )
    )
    s.execute(
        update(Run)
        .where(Run.id.in_(found.runs))
        .values(
            status=RunStatus.CRASHED.value,
            ended_at=now(),
            reason=run_table.KILLED,
        )
    )
    music_runs.crash(s, found.music_runs)
    s.execute(update(Item).where(Item.id.in_(found.items)).values(claimed_by=None))
    publications.free_abandoned(s, found.workers)
    s.execute(delete(Worker).where(Worker.id.in_(found.workers)))
    s.execute(delete(Lease).where(Lease.worker.not_in(select(Worker.id))))
    source_files.free_abandoned(s)


def fatal_steps(s: Session, items: Collection[str], max_crashes: int) -> dict[str, str]:
    """Items in which the process died ``max_crashes`` times in a row, each with the step."""
    if not items:
        return {}
    last_end = (
        select(Execution.item_id, Execution.step, func.max(Execution.id).label("id"))
        .where(Execution.item_id.in_(items), Execution.status != ExecutionStatus.LOST)
        .group_by(Execution.item_id, Execution.step)
        .subquery()
    )
    crashes = (
        select(Execution.item_id, Execution.step)
        .outerjoin(
            last_end,
            (last_end.c.item_id == Execution.item_id) & (last_end.c.step == Execution.step),
        )
        .where(
            Execution.item_id.in_(items),
            Execution.status == ExecutionStatus.LOST,
            Execution.id > func.coalesce(last_end.c.id, 0),
        )
        .group_by(Execution.item_id, Execution.step)
        .having(func.count() >= max_crashes)
    )
    return {item_id: step for item_id, step in s.execute(crashes)}  # noqa: C416 (a Row)
