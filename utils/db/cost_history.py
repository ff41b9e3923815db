"""What was spent over time: money by run, engine and step; time and bytes of the latest runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from utils.db import spending
from utils.db.schema import Execution, ExecutionStatus, Item, Run, Spending
from utils.models.item import ItemStatus
from utils.models.rendition import COMPRESSIONS

_WAITING = (ItemStatus.PENDING.value, ItemStatus.DEFERRED.value)


class Paid(NamedTuple):
    """The calls that a step of a run made of an engine, as of the first of them.

    ``open_microusd``: the part of ``microusd`` that is estimated, as no bill came; ``unpriced``:
    calls whose price nobody knows.
    """

    run_id: str
    began_at: datetime
    engine: str
    step: str
    calls: int
    tokens: int
    microusd: int
    open_microusd: int
    unpriced: int


class Worked(NamedTuple):
    """A step over some runs."""

    step: str
    executions: int
    seconds: float
    bytes_written: int


class Saved(NamedTuple):
    """Files that were encoded anew: what they had, and what they have, in bytes."""

    items: int
    source_bytes: int
    rendition_bytes: int


def paid(s: Session, since: datetime | None) -> list[Paid]:
    """What was paid since a moment (None: ever), the earliest first; what was given back is not."""
    cost = func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0)
    query = (
        select(
            Spending.run_id,
            func.min(Spending.created_at),
            Spending.engine,
            Spending.step,
            func.count(),
            func.sum(func.coalesce(Spending.actual_tokens, Spending.reserved_tokens)),
            func.sum(cost),
            func.sum(case((Spending.actual_microusd.is_(None), cost), else_=0)),
            func.count(case((Spending.reserved_microusd.is_(None), 1))),
        )
        .where(Spending.status != spending.RELEASED)
        .group_by(Spending.run_id, Spending.engine, Spending.step)
        .order_by(func.min(Spending.created_at), Spending.engine, Spending.step)
    )
    rows = s.execute(query.where(Spending.created_at >= since) if since else query)
    return [Paid(*row[:4], *(int(value) for value in row[4:])) for row in rows]


def latest_runs(s: Session, since: datetime | None, most: int) -> list[str]:
    """The ids of the latest runs since a moment, so many at most."""
    query = select(Run.id).order_by(Run.started_at.desc(), Run.id.desc()).limit(most)
    return list(s.scalars(query.where(Run.started_at >= since) if since else query))


def worked(s: Session, run_ids: Sequence[str]) -> list[Worked]:
    """What the steps of some runs took, by step."""
    rows = s.execute(
        select(
            Execution.step,
            func.count(),
            func.coalesce(func.sum(Execution.duration_seconds), 0.0),
            func.coalesce(func.sum(Execution.bytes_written), 0),
        )
        .where(Execution.run_id.in_(run_ids), Execution.status != ExecutionStatus.RUNNING)
        .group_by(Execution.step)
    )
    return [Worked(step, number, float(took), int(size)) for step, number, took, size in rows]


def saved(s: Session, run_ids: Sequence[str]) -> Saved:
    """What encoding came to in some runs; of an item the last of them counts."""
    rows = s.execute(
        select(Execution.item_id, Item.size_bytes, Execution.bytes_written)
        .join(Item, Item.id == Execution.item_id)
        .where(
            Execution.run_id.in_(run_ids),
            Execution.step.in_(COMPRESSIONS),
            Execution.status == ExecutionStatus.DONE,
            Execution.bytes_written > 0,
        )
        .order_by(Execution.id)
    )
    last = {item_id: (source, made) for item_id, source, made in rows}
    return Saved(len(last), sum(one for one, _ in last.values()), sum(b for _, b in last.values()))


def waiting(s: Session) -> int:
    """How many items the next night would take up, if it had the time."""
    query = select(func.count()).select_from(Item).where(Item.status.in_(_WAITING))
    return s.scalar(query) or 0


def dearest(s: Session, run_id: str) -> int:
    """What the item of a run that cost most came to there, in micro-USD."""
    cost = func.sum(func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0))
    query = select(cost).where(Spending.run_id == run_id, Spending.status != spending.RELEASED)
    by_item = query.group_by(Spending.item_id).order_by(cost.desc()).limit(1)
    return int(s.scalar(by_item) or 0)
