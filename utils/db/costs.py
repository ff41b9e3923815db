"""What a run cost: seconds, bytes and money by step. A query each, whatever the run's size."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from utils.db import spending
from utils.db.schema import Execution, ExecutionStatus, Spending


class StepCost(NamedTuple):
    """One step over a whole run; ``p95_seconds``: 95 of 100 executions were as fast or faster."""

    step: str
    executions: int
    failures: int
    seconds: float
    p95_seconds: float
    bytes_written: int
    microusd: int


def steps(s: Session, run_id: str) -> list[StepCost]:
    """The steps that a run executed, those that took the most time first."""
    money = _money(s, run_id)
    # SQLite knows no percentiles: the nearest rank is counted in both databases.
    rank = func.row_number().over(
        partition_by=Execution.step, order_by=func.coalesce(Execution.duration_seconds, 0.0)
    )
    ranked = (
        select(
            Execution.step,
            Execution.status,
            func.coalesce(Execution.duration_seconds, 0.0).label("seconds"),
            func.coalesce(Execution.bytes_written, 0).label("written"),
            rank.label("rank"),
            func.count().over(partition_by=Execution.step).label("number"),
        )
        .where(Execution.run_id == run_id, Execution.status != ExecutionStatus.RUNNING)
        .subquery()
    )
    slow = case((ranked.c.rank * 100 >= ranked.c.number * 95, ranked.c.seconds))
    failed = case((ranked.c.status.in_((ExecutionStatus.FAILED, ExecutionStatus.LOST)), 1))
    rows = s.execute(
        select(
            ranked.c.step,
            func.count(),
            func.count(failed),
            func.sum(ranked.c.seconds),
            func.min(slow),
            func.sum(ranked.c.written),
        )
        .group_by(ranked.c.step)
        .order_by(func.sum(ranked.c.seconds).desc(), ranked.c.step)
    )
    return [
        StepCost(
            step, number, failures, float(seconds), float(p95), int(written), money.get(step, 0)
        )
        for step, number, failures, seconds, p95, written in rows
    ]


def _money(s: Session, run_id: str) -> dict[str, int]:
    """Micro-USD by step; as estimated where no bill came."""
    cost = func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0)
    rows = s.execute(
        select(Spending.step, func.sum(cost))
        .where(Spending.run_id == run_id, Spending.status != spending.RELEASED)
        .group_by(Spending.step)
    )
    return {step: int(microusd) for step, microusd in rows}
