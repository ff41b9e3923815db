"""What was executed for one item, as people read it: without results and inputs, with its cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utils.db import spending
from utils.db.schema import Execution, ExecutionStatus, Spending

MOST = 1000  # executions of an item that are read, the latest


class Executed(NamedTuple):
    """One execution; ``recalled_at``: its result was used again then, without executing it."""

    step: str
    version: int
    status: str
    cause: str | None
    error: str | None
    run_id: str | None
    started_at: datetime
    seconds: float | None
    bytes_written: int | None
    recalled_at: datetime | None
    microusd: int | None


def of_item(s: Session, item_id: str) -> list[Executed]:
    """All executions of an item, the latest first, but for those before the last `MOST`."""
    columns = (
        Execution.step, Execution.version, Execution.status, Execution.cause, Execution.error,
        Execution.run_id, Execution.started_at, Execution.duration_seconds,
        Execution.bytes_written, Execution.used_at, Execution.ended_at,
    )  # fmt: skip
    query = select(*columns).where(Execution.item_id == item_id)
    rows = s.execute(query.order_by(Execution.id.desc()).limit(MOST)).all()
    money = _money(s, item_id)
    return [
        Executed(
            row.step, row.version, row.status, row.cause, row.error, row.run_id, row.started_at,
            row.duration_seconds, row.bytes_written, _recalled_at(row),
            money.pop((row.run_id or "", row.step), None),  # a run's bill stands once
        )
        for row in rows
    ]  # fmt: skip


def _recalled_at(row: object) -> datetime | None:
    """When a result was used again; it is used once as it is made."""
    used, ended = getattr(row, "used_at", None), getattr(row, "ended_at", None)
    is_done = getattr(row, "status", None) == ExecutionStatus.DONE
    return used if is_done and used and ended and (used - ended).total_seconds() > 1 else None


def _money(s: Session, item_id: str) -> dict[tuple[str, str], int]:
    """Millionths of a dollar by run and step; as estimated where no bill came."""
    cost = func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0)
    rows: Sequence[tuple[str, str, int]] = s.execute(
        select(Spending.run_id, Spending.step, func.sum(cost))
        .where(Spending.item_id == item_id, Spending.status != spending.RELEASED)
        .group_by(Spending.run_id, Spending.step)
    ).tuples().all()  # fmt: skip
    return {(run_id, step): int(microusd) for run_id, step, microusd in rows}
