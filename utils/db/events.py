"""What happened in the ledger and in runs, by the order of their rows: for whoever follows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, literal_column, select
from sqlalchemy.orm import Session

from utils.db import live, runs
from utils.db.schema import Execution, Item, Run, RunItem
from utils.models.shift import RunStatus


class Which(NamedTuple):
    """Of what: of one run, of one item, or of all."""

    run_id: str | None = None
    item_id: str | None = None


class Heads(NamedTuple):
    """The last rows that there are: of executions, and of outcomes."""

    step: int
    outcome: int


_STEP = (
    Execution.id, Execution.item_id, Execution.step, Execution.run_id, Execution.status,
    Execution.started_at, Execution.ended_at, Execution.duration_seconds, Execution.error_class,
    Execution.error,
)  # fmt: skip
_OUTCOME = (
    RunItem.id, RunItem.run_id, RunItem.item_id, RunItem.path, RunItem.kind, RunItem.outcome,
    RunItem.reason, RunItem.step, RunItem.verdict, RunItem.score, RunItem.error,
)  # fmt: skip


def heads(s: Session) -> Heads:
    """The last rows that there are now."""
    return Heads(
        s.scalar(select(func.max(Execution.id))) or 0, s.scalar(select(func.max(RunItem.id))) or 0
    )


def is_ordered(s: Session) -> bool:
    """True if rows appear in the order of their ids: where only one writes at a time."""
    return s.get_bind().dialect.name == "sqlite"


def steps(s: Session, which: Which, after: int, until: int, limit: int) -> Sequence[Row[Any]]:
    """Executions, in the order in which they began."""
    query = _of(select(*_STEP), which, Execution)
    query = query.where(Execution.id > after, Execution.id <= until)
    return s.execute(query.order_by(Execution.id).limit(limit)).all()


def outcomes(s: Session, which: Which, after: int, until: int, limit: int) -> Sequence[Row[Any]]:
    """What runs did with locations, in the order in which it was noted."""
    query = _of(select(*_OUTCOME), which, RunItem).where(RunItem.id > after, RunItem.id <= until)
    return s.execute(query.order_by(RunItem.id).limit(limit)).all()


def _of(query: Select[Any], which: Which, table: type[Execution] | type[RunItem]) -> Select[Any]:
    if which.run_id:
        query = query.where(table.run_id == which.run_id)
    return query.where(table.item_id == which.item_id) if which.item_id else query


def still_there(s: Session, ids: Collection[int]) -> Sequence[Row[Any]]:
    """Those of these executions that were not removed meanwhile, as they are now."""
    if not ids:
        return []
    return s.execute(select(*_STEP).where(Execution.id.in_(ids)).order_by(Execution.id)).all()


def running_steps(s: Session) -> list[int]:
    """The executions that are in work."""
    running = Execution.status == literal_column("'running'")  # by an index (migration 0038)
    return sorted(s.scalars(select(Execution.id).where(running)))


def running(s: Session) -> dict[str, Run]:
    """The runs whose processes live."""
    return {row.id: row for row in sorted(live.running(s), key=lambda row: row.id)}


def some(s: Session, run_ids: Collection[str]) -> dict[str, tuple[Run, RunStatus, dict[str, int]]]:
    """Runs as they are now, with how many outcomes of each kind they have."""
    if not run_ids:
        return {}
    counts: dict[str, dict[str, int]] = {}
    rows = select(RunItem.run_id, RunItem.outcome, func.count()).where(RunItem.run_id.in_(run_ids))
    for run_id, outcome, number in s.execute(rows.group_by(RunItem.run_id, RunItem.outcome)):
        counts.setdefault(run_id, {})[outcome] = number
    found = s.scalars(select(Run).where(Run.id.in_(run_ids)).order_by(Run.id))
    return {row.id: (row, runs.told_status(s, row), counts.get(row.id, {})) for row in found}


def item_exists(s: Session, item_id: str) -> bool:
    """True if there is an item of this id."""
    return s.scalar(select(Item.id).where(Item.id == item_id)) is not None
