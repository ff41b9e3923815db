"""How long executions took, and how long the media were: what forecasts learn from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utils.db.schema import Download, Execution, ExecutionStatus, Item


class Timing(NamedTuple):
    """One execution that was done; ``media_seconds`` is None where nobody knows, and of images."""

    item_id: str
    run_id: str | None
    step: str
    seconds: float
    started_at: datetime
    ended_at: datetime
    kind: str
    media_seconds: float | None


def latest(s: Session, number: int) -> Iterator[Timing]:
    """Those done among the latest ``number`` executions, newest first, in one query."""
    newest = select(func.max(Execution.id)).scalar_subquery()
    rows = s.execute(
        select(
            Execution.item_id,
            Execution.run_id,
            Execution.step,
            Execution.duration_seconds,
            Execution.started_at,
            Execution.ended_at,
            Item.kind,
            Item.duration_seconds,
        )
        .outerjoin(Download, Download.key == Execution.item_id)  # a download's id is its entry's
        .join(Item, Item.id == func.coalesce(Download.item_id, Execution.item_id))
        .where(
            Execution.id > newest - number,
            Execution.status == ExecutionStatus.DONE,
            Execution.duration_seconds.is_not(None),
        )
        .order_by(Execution.id.desc())
    )
    return (Timing(*row) for row in rows)
