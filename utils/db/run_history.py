"""The runs that were: a line each, in few queries whatever they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session, defer

from utils.clock import now
from utils.db import runs, spending
from utils.db.schema import Download, Execution, Item, Run, RunItem


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
    order = (Run.started_at.desc(), Run.id.desc())
    wanted = select(Run).order_by(*order).offset(offset).limit(limit)
    return _of(
        s, s.scalars(wanted.where(Run.source_id == source_id) if source_id else wanted).all()
    )


def of(s: Session, run_ids: Sequence[str]) -> list[RunSummary]:
    """These runs, the latest first."""
    order = (Run.started_at.desc(), Run.id.desc())
    return _of(s, s.scalars(select(Run).where(Run.id.in_(run_ids)).order_by(*order)).all())


def _of(s: Session, rows: Sequence[Run]) -> list[RunSummary]:
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


def outcomes(
    s: Session, run_id: str, outcome: str | None, limit: int, after: int = 0
) -> Sequence[Row[Any]]:
    """What a run did with locations, in the order in which it was noted, behind a row's id.

    With the item's title and kind, where it is known still; only of one outcome, if it is given.
    """
    columns = (RunItem.id, RunItem.item_id, RunItem.path, RunItem.outcome, RunItem.reason,
               RunItem.step, RunItem.verdict, RunItem.error, RunItem.lacks, Item.title,
               func.coalesce(Item.kind, RunItem.kind).label("kind"))  # fmt: skip
    query = select(*columns).outerjoin(Item, Item.id == RunItem.item_id)
    query = query.where(RunItem.run_id == run_id, RunItem.id > after)
    if outcome:
        query = query.where(RunItem.outcome == outcome)
    return s.execute(query.order_by(RunItem.id).limit(limit)).all()


def steps_of_item(s: Session, run_id: str, item_id: str) -> Sequence[Execution]:
    """The executions of a run for an item, its download's too, first begun first."""
    keys = select(Download.key).where(Download.item_id == item_id)
    of_item = or_(Execution.item_id == item_id, Execution.item_id.in_(keys))
    query = select(Execution).where(Execution.run_id == run_id, of_item).order_by(Execution.id)
    return s.scalars(query.options(defer(Execution.result), defer(Execution.inputs))).all()


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
