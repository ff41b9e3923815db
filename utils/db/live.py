"""What is in work now: runs, their workers, the steps that are being executed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, literal_column, select
from sqlalchemy.orm import Session

from utils.db import runs, workers
from utils.db.schema import Execution, Item, Run, Worker
from utils.models.shift import RunStatus

# By the indexes of what runs (migration 0038); literals, or SQLite does not see them.
_STEP_RUNS = Execution.status == literal_column("'running'")
_RUN_RUNS = Run.status == literal_column("'running'")


def running(s: Session) -> Sequence[Run]:
    """The runs whose processes live, first begun first."""
    rows = s.scalars(select(Run).where(_RUN_RUNS).order_by(Run.started_at)).all()
    return [row for row in rows if runs.told_status(s, row) is RunStatus.RUNNING]


def told(s: Session, run_ids: Collection[str]) -> Sequence[Row[Any]]:
    """What the living workers of some runs say of themselves: id, run_id, progress."""
    alive = workers.alive(s)
    columns = (Worker.id, Worker.run_id, Worker.progress)
    rows = s.execute(select(*columns).where(Worker.run_id.in_(run_ids)).order_by(Worker.id))
    return [row for row in rows if row.id in alive]


def steps(s: Session, run_ids: Collection[str]) -> Sequence[Row[Any]]:
    """The steps that are being executed for some runs, first begun first.

    With the item's title, kind and length; all three are None while an address is fetched.
    """
    columns = (Execution.id, Execution.item_id, Execution.run_id, Execution.step,
               Execution.started_at, Item.title, Item.kind, Item.duration_seconds)  # fmt: skip
    query = select(*columns).outerjoin(Item, Item.id == Execution.item_id)
    of_these = Execution.run_id.in_(run_ids)
    return s.execute(query.where(_STEP_RUNS, of_these).order_by(Execution.id)).all()


def claimed(s: Session, worker: str, limit: int) -> Sequence[str]:
    """Up to so many items that a worker has and that are not through."""
    return s.scalars(select(Item.id).where(Item.claimed_by == worker).limit(limit)).all()
