"""What the database keeps of the past, and which of it nobody will ask for again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Text, and_, cast, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from utils.db.schema import Execution, ExecutionStatus, Run, RunItem
from utils.db.session import chunks
from utils.models.shift import RunStatus


class Weight(NamedTuple):
    """Rows, and about how many bytes of text they hold."""

    rows: int
    size_bytes: int


def old_runs(s: Session, before: datetime, keep: int) -> Sequence[Run]:
    """Runs that ended and began ``before``, or that ``keep`` newer ones follow; never the last."""
    runs = s.scalars(select(Run).order_by(Run.started_at.desc(), Run.id)).all()
    return [
        run
        for number, run in enumerate(runs)
        if run.status != RunStatus.RUNNING.value
        and number > 0
        and (number >= keep or run.started_at < before)
    ]


def weigh_runs(s: Session, run_ids: Sequence[str]) -> Weight:
    """What runs and their outcomes weigh."""
    rows = size = 0
    texts = (RunItem.path, RunItem.reason, RunItem.error)
    for chunk in chunks(run_ids):
        found = s.execute(
            select(func.count(), _length(*texts)).where(RunItem.run_id.in_(chunk))
        ).one()
        rows, size = rows + found[0] + len(chunk), size + found[1]
    return Weight(rows, size)


def forget_runs(s: Session, run_ids: Sequence[str]) -> None:
    """Delete runs and their outcomes; what they executed is in the ledger."""
    for chunk in chunks(run_ids):
        s.execute(delete(RunItem).where(RunItem.run_id.in_(chunk)))
        s.execute(delete(Run).where(Run.id.in_(chunk)))


def run_ids(s: Session) -> set[str]:
    """All runs."""
    return set(s.scalars(select(Run.id)))


def weigh_superseded(s: Session, before: datetime) -> Weight:
    """What the executions weigh that nothing asks for any more."""
    texts = (cast(Execution.result, Text), cast(Execution.inputs, Text), Execution.error)
    return Weight(
        *s.execute(select(func.count(), _length(*texts)).where(_superseded(before))).one()
    )


def forget_superseded(s: Session, before: datetime) -> None:
    """Delete the executions that nothing asks for any more."""
    s.execute(
        delete(Execution).where(_superseded(before)).execution_options(synchronize_session=False)
    )


def _superseded(before: datetime) -> ColumnElement[bool]:
    """True for executions from ``before`` that a later one has taken the place of.

    A result is recalled by its key, the latest one wins: one whose key has a later result is
    never asked for. A result under another key (other options, another tool) is kept, as it
    makes switching back free. Failures count until a later try of the same step.
    """
    later = aliased(Execution)
    done = later.status == ExecutionStatus.DONE
    same_step = and_(later.item_id == Execution.item_id, later.step == Execution.step)
    recalled_instead = and_(
        Execution.status == ExecutionStatus.DONE,
        exists().where(later.key == Execution.key, done, later.id > Execution.id),
    )
    tried_again = and_(
        Execution.status.in_(
            (ExecutionStatus.FAILED, ExecutionStatus.LOST, ExecutionStatus.DEFERRED)
        ),
        exists().where(same_step, later.id > Execution.id),
    )
    last = func.coalesce(Execution.used_at, Execution.ended_at, Execution.started_at)
    return and_(last < before, or_(recalled_instead, tried_again))


def _length(*texts: ColumnElement[str] | object) -> ColumnElement[int]:
    total = sum((func.coalesce(func.length(text), 0) for text in texts), start=func.coalesce(0, 0))
    return func.coalesce(func.sum(total), 0)
