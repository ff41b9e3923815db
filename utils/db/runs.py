"""Runs: what each did with each item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import flags, workers
from utils.db.schema import Execution, ExecutionStatus, Run, RunItem
from utils.db.session import chunks
from utils.errors import PermanentError, StoppedError, UsageError
from utils.models.shift import (
    ItemOutcome,
    Outcome,
    PublishedCounts,
    RunStatus,
    ShiftReport,
    count,
)
from utils.models.source import IngestionMetrics

# Why a run crashed that could not say so itself.
KILLED = "its process was killed; what it had finished is kept"

_MOST_LEFT_OUT = 100  # suffixes that a run names


def begin(s: Session, run_id: str, flow: str) -> None:
    """Open a run, or open it again: one that is retried goes on under its id."""
    run = s.get(Run, run_id)
    if run is None:
        s.add(Run(id=run_id, flow=flow, status=RunStatus.RUNNING.value, started_at=now()))
        s.flush()
    else:
        run.status, run.ended_at = RunStatus.RUNNING.value, None
        run.left_over, run.reason, run.left_out = 0, None, {}


def note_source(s: Session, run_id: str, source_id: str, trigger: str) -> None:
    """Note which source a run looks into, and why."""
    run = s.get_one(Run, run_id)
    run.source_id, run.trigger = source_id, trigger


def note_metrics(s: Session, run_id: str, metrics: IngestionMetrics) -> None:
    """Note what a run found in its source, and what came of it."""
    s.get_one(Run, run_id).metrics = metrics.model_dump(mode="json")


def note_published(s: Session, run_id: str, counts: PublishedCounts) -> None:
    """Note what a run published at its end."""
    s.get_one(Run, run_id).metrics = {"published": counts.model_dump(mode="json")}


def add_outcome(s: Session, run_id: str, outcome: ItemOutcome) -> None:
    """Note what came of one location."""
    add_outcomes(s, run_id, [outcome])


def add_outcomes(s: Session, run_id: str, outcomes: Sequence[ItemOutcome]) -> None:
    """Note what came of many locations, in one statement."""
    rows = [{"run_id": run_id, **outcome.model_dump(mode="json")} for outcome in outcomes]
    if rows:
        s.execute(insert(RunItem), rows)


def outcomes(s: Session, run_id: str) -> tuple[ItemOutcome, ...]:
    """All outcomes of a run, by path."""
    columns = (getattr(RunItem, name) for name in ItemOutcome.model_fields)
    rows = s.execute(select(*columns).where(RunItem.run_id == run_id).order_by(RunItem.path))
    return tuple(ItemOutcome.model_validate(row._asdict()) for row in rows)


def outcomes_of_item(s: Session, run_id: str, item_id: str) -> tuple[ItemOutcome, ...]:
    """What a run said of one item, or of an address by its key."""
    columns = (getattr(RunItem, name) for name in ItemOutcome.model_fields)
    query = select(*columns).where(RunItem.run_id == run_id, RunItem.item_id == item_id)
    rows = s.execute(query.order_by(RunItem.id))
    return tuple(ItemOutcome.model_validate(row._asdict()) for row in rows)


def latest_outcomes(s: Session, run_ids: Sequence[str], limit: int) -> list[ItemOutcome]:
    """What these runs came to last, so many rows at most."""
    columns = (getattr(RunItem, name) for name in ItemOutcome.model_fields)
    rows = select(*columns).where(RunItem.run_id.in_(run_ids)).order_by(RunItem.id.desc())
    return [ItemOutcome.model_validate(row._asdict()) for row in s.execute(rows.limit(limit))]


def finish(s: Session, run_id: str, status: RunStatus, report: Path | None) -> None:
    """Close a run."""
    run = s.get_one(Run, run_id)
    run.status, run.ended_at = status.value, now()
    run.report = str(report) if report else None
    flags.remove(s, _stop_of(run_id))


def postpone(s: Session, run_id: str, number: int, reason: str) -> None:
    """Note that the run did not get to ``number`` items more, and why."""
    s.execute(
        update(Run).where(Run.id == run_id).values(left_over=Run.left_over + number, reason=reason)
    )


def leave_out(s: Session, run_id: str, left_out: Mapping[str, int]) -> None:
    """Add to what the run's folders held and it left out; the commonest are kept."""
    run = s.get_one(Run, run_id)
    together = Counter(run.left_out) + Counter(left_out)
    run.left_out = dict(together.most_common(_MOST_LEFT_OUT))


def crash(s: Session, run_id: str, why: str) -> None:
    """Close a run that did not come to its end."""
    finish(s, run_id, RunStatus.CRASHED, None)
    s.get_one(Run, run_id).reason = why[:2000]


def stop(s: Session, run_id: str, left_over: int) -> None:
    """Close a run that a person, or its worker's end, has stopped; its steps too, as stopped."""
    finish(s, run_id, RunStatus.STOPPED, None)
    run = s.get_one(Run, run_id)
    run.left_over, run.reason = left_over, "it was stopped before its end"
    s.execute(
        update(Execution)
        .where(Execution.run_id == run_id, Execution.status == ExecutionStatus.RUNNING)
        .values(
            status=ExecutionStatus.FAILED,
            ended_at=now(),
            error_class=StoppedError.__name__,
            error="The run was stopped.",
        )
    )


def ask_to_stop(s: Session, run_id: str) -> None:
    """Have the process of a run end it, as Ctrl-C would, within seconds."""
    flags.put(s, _stop_of(run_id), True)


def is_asked_to_stop(s: Session, run_id: str) -> bool:
    """True from then on until the run is closed."""
    return flags.get(s, _stop_of(run_id)) is not None


def _stop_of(run_id: str) -> str:
    return f"stop {run_id}"


def find(s: Session, wanted: str | None) -> Run:
    """The run that a person means by its id or a prefix of it; the latest if None.

    Raises:
        UsageError: there is none of this name.
        PermanentError: there is none at all.
    """
    query = select(Run).order_by(Run.started_at.desc()).limit(1)
    if wanted:
        query = query.where(Run.id.startswith(wanted))
    run = s.scalars(query).first()
    if run is None and wanted:
        raise UsageError(f"There is no run {wanted}. `nightshift runs` lists them.")
    if run is None:
        raise PermanentError("Nothing has run yet: try `nightshift run`.")
    return run


def told_status(s: Session, run: Run) -> RunStatus:
    """The status of a run; one whose process is dead has crashed, noted or not."""
    is_dead = run.status == RunStatus.RUNNING.value and not workers.is_at_work(s, run.id)
    return RunStatus.CRASHED if is_dead else RunStatus(run.status)


def load(s: Session, run_id: str) -> ShiftReport:
    """A run with its counts and outcomes; one whose process is dead has crashed, noted or not."""
    run = s.get_one(Run, run_id)
    rows, status = outcomes(s, run_id), told_status(s, run)
    is_dead = status is RunStatus.CRASHED
    return ShiftReport(
        run_id=run.id,
        status=status,
        counts=count(rows),
        # Never below 0: the clock may have been set back meanwhile.
        duration_seconds=max(
            0.0, round(((run.ended_at or now()) - run.started_at).total_seconds(), 2)
        ),
        report=Path(run.report) if run.report else None,
        items=rows,
        started_at=run.started_at,
        left_over=run.left_over,
        reason=run.reason or (KILLED if is_dead else None),
        left_out=run.left_out,
        published=published(run),
    )


def published(run: Run) -> PublishedCounts | None:
    """What a run published at its end; None of one that did not come to it."""
    told = run.metrics.get("published") if isinstance(run.metrics, dict) else None
    return PublishedCounts(**told) if told else None


def noted(s: Session, run_id: str) -> set[str]:
    """The items and the paths that a run has an outcome for."""
    rows = s.execute(select(RunItem.item_id, RunItem.path).where(RunItem.run_id == run_id))
    return {known for row in rows for known in row if known}


def through(s: Session, run_id: str, item_ids: Sequence[str]) -> set[str]:
    """Those of these items that a run is through with: it noted that something came of them."""
    good = RunItem.outcome.not_in((Outcome.FAILED.value, Outcome.DEFERRED.value))
    rows = select(RunItem.item_id).where(RunItem.run_id == run_id, good)
    return {
        item_id
        for chunk in chunks(item_ids)
        for item_id in s.scalars(rows.where(RunItem.item_id.in_(chunk)))
        if item_id
    }


def forget_stopped(s: Session, run_id: str, item_ids: Sequence[str]) -> None:
    """Take outcomes back that only say that the work on these items was stopped."""
    stopped = (RunItem.outcome == Outcome.FAILED.value) & (RunItem.reason == StoppedError.__name__)
    of_these = (RunItem.run_id == run_id) & RunItem.item_id.in_(item_ids)
    s.execute(delete(RunItem).where(of_these, stopped))


def items_lost(s: Session, run_id: str) -> set[str]:
    """The items that were in work for a run when a process of it died."""
    lost = Execution.status == ExecutionStatus.LOST
    return set(s.scalars(select(Execution.item_id).where(Execution.run_id == run_id, lost)))


def ends(s: Session, run_ids: Collection[str]) -> dict[str, datetime]:
    """When runs ended, those that did."""
    over = select(Run.id, Run.ended_at).where(Run.id.in_(run_ids), Run.ended_at.is_not(None))
    return {run_id: at for run_id, at in s.execute(over) if at}
