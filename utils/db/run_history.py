"""The runs that were: a line each, in few queries whatever they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import runs, spending
from utils.db.schema import Run, RunItem


class RunSummary(NamedTuple):
    """One run; ``counts`` has the outcomes that there were, ``left_over`` what was postponed."""

    run_id: str
    flow: str
    status: str
    started_at: datetime
    duration_seconds: float
    counts: dict[str, int]
    left_over: int
    cost_usd: float
    report: str | None


def latest(
    s: Session, limit: int, offset: int = 0, source_id: str | None = None
) -> list[RunSummary]:
    """Runs, the latest first; only those that looked into a source, if one is given."""
    wanted = select(Run).order_by(Run.started_at.desc(), Run.id).offset(offset).limit(limit)
    rows = s.scalars(wanted.where(Run.source_id == source_id) if source_id else wanted).all()
    counts = _counts(s, [row.id for row in rows])
    spent = spending.spent_by_run(s, [row.id for row in rows])
    return [
        RunSummary(
            run_id=row.id,
            flow=row.flow,
            status=runs.told_status(s, row).value,
            started_at=row.started_at,
            # Never below 0: the clock may have been set back meanwhile.
            duration_seconds=max(
                0.0, round(((row.ended_at or now()) - row.started_at).total_seconds(), 2)
            ),
            counts=counts.get(row.id, {}),
            left_over=row.left_over,
            cost_usd=spent.get(row.id, 0) / 1e6,
            report=row.report,
        )
        for row in rows
    ]


class Ingestion(NamedTuple):
    """A run that looked into one source: why, and what it found (``IngestionMetrics``)."""

    summary: RunSummary
    trigger: str | None
    metrics: dict[str, Any] | None


def of_source(s: Session, source_id: str, limit: int, offset: int = 0) -> list[Ingestion]:
    """The runs of a source, the latest first."""
    found = latest(s, limit, offset, source_id)
    ids = [one.run_id for one in found]
    rows = s.execute(select(Run.id, Run.trigger, Run.metrics).where(Run.id.in_(ids)))
    told = {row.id: row for row in rows}
    return [Ingestion(one, told[one.run_id].trigger, told[one.run_id].metrics) for one in found]


def count(s: Session) -> int:
    """How many runs there are."""
    return s.scalar(select(func.count()).select_from(Run)) or 0


def _counts(s: Session, run_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    rows = s.execute(
        select(RunItem.run_id, RunItem.outcome, func.count())
        .where(RunItem.run_id.in_(run_ids))
        .group_by(RunItem.run_id, RunItem.outcome)
    )
    for run_id, outcome, number in rows:
        found.setdefault(run_id, {})[outcome] = number
    return found
