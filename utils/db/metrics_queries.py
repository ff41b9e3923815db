"""Totals for the metrics: each a query whose cost does not grow with what was asked before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import flags, spending, throttles
from utils.db.items import shown_status_column
from utils.db.schema import Execution, ExecutionStatus, Flag, Item, Run, RunItem, Spending, Worker
from utils.models.item import ItemStatus

# Rows younger than this are counted afresh each time: on Postgres a row may become visible
# after one with a higher id. The ledger's transactions take milliseconds.
_SETTLING = timedelta(minutes=1)
_WAITING = (ItemStatus.PENDING.value, ItemStatus.DEFERRED.value, ItemStatus.FAILED.value)


class StepTotal(NamedTuple):
    """Executions of a step that came to one status, and what they took."""

    executions: int
    seconds: float
    bytes_written: int


StepTotals = dict[tuple[str, str], StepTotal]  # by step and status


class Ended(NamedTuple):
    """The run of a flow that ended last."""

    flow: str
    status: str
    ended_at: datetime
    seconds: float
    left_over: int
    outcomes: dict[str, int]
    microusd: int


class Paid(NamedTuple):
    """What an engine was paid, or may be: money that is only reserved counts."""

    engine: str
    calls: int
    tokens: int
    microusd: int


class StepSums:
    """Sums of the ledger that are kept between two readings, so that each row is read once.

    Rows up to ``_upto`` are in the sums, but for those that were still running.
    """

    def __init__(self) -> None:
        self._upto = 0
        self._open: set[int] = set()
        self._sums: StepTotals = {}

    def read(self, s: Session) -> StepTotals:
        """All executions that have ended."""
        upto = max(_settled_id(s), self._upto)
        within = Execution.id.between(self._upto + 1, upto)
        running = set(s.scalars(_RUNNING.where(within)))
        sums = _added(self._sums, _ended(s, within, Execution.id.not_in(running)))
        open_before = self._open | running
        still_open = set(s.scalars(_RUNNING.where(Execution.id.in_(open_before))))
        sums = _added(sums, _ended(s, Execution.id.in_(open_before - still_open)))
        everything = _added(sums, _ended(s, Execution.id > upto))
        # Only now: a query that failed above leaves all as it was.
        self._upto, self._open, self._sums = upto, still_open, sums
        return everything

    def in_work(self, s: Session) -> dict[str, int]:
        """Steps that living processes execute now; ``read`` must have been asked before."""
        alive = select(Worker.run_id).where(Worker.alive_until > now())
        rows = s.execute(
            select(Execution.step, func.count())
            .where(
                or_(Execution.id > self._upto, Execution.id.in_(self._open)),
                Execution.status == ExecutionStatus.RUNNING,
                Execution.run_id.in_(alive),
            )
            .group_by(Execution.step)
        )
        return {step: number for step, number in rows}  # noqa: C416 (a Row is no pair to mypy)


_RUNNING = select(Execution.id).where(Execution.status == ExecutionStatus.RUNNING)


def _settled_id(s: Session) -> int:
    """The newest execution that is old enough for all before it to be visible; 0 for none."""
    rows = select(Execution.id).where(Execution.started_at < now() - _SETTLING)
    return s.scalar(rows.order_by(Execution.id.desc()).limit(1)) or 0


def _ended(s: Session, *where: ColumnElement[bool]) -> StepTotals:
    rows = s.execute(
        select(
            Execution.step,
            Execution.status,
            func.count(),
            func.coalesce(func.sum(Execution.duration_seconds), 0.0),
            func.coalesce(func.sum(Execution.bytes_written), 0),
        )
        .where(Execution.status != ExecutionStatus.RUNNING, *where)
        .group_by(Execution.step, Execution.status)
    )
    return {
        (step, status): StepTotal(number, float(seconds), int(written))
        for step, status, number, seconds, written in rows
    }


def _added(one: StepTotals, other: StepTotals) -> StepTotals:
    sums = dict(one)
    for key, more in other.items():
        had = sums.get(key, StepTotal(0, 0.0, 0))
        sums[key] = StepTotal(
            had.executions + more.executions,
            had.seconds + more.seconds,
            had.bytes_written + more.bytes_written,
        )
    return sums


def items(s: Session) -> dict[tuple[str, str], int]:
    """Items by status and kind."""
    status = shown_status_column()
    rows = s.execute(select(status, Item.kind, func.count()).group_by(status, Item.kind))
    return {(status, kind): number for status, kind, number in rows}


def approvals(s: Session) -> dict[str, int]:
    """Items by whether they may be published; those that nobody judged are left out."""
    judged = select(Item.approval, func.count()).where(Item.approval.is_not(None))
    rows = s.execute(judged.group_by(Item.approval))
    return {str(approval): number for approval, number in rows}


def waiting_since(s: Session) -> datetime | None:
    """When the item that waits longest was added; None if none waits. What is in work does not."""
    waits = Item.status.in_(_WAITING) & Item.claimed_by.is_(None)
    return s.scalar(select(func.min(Item.added_at)).where(waits))


def runs(s: Session) -> dict[tuple[str, str], int]:
    """Runs that the database still knows, by flow and status."""
    rows = s.execute(select(Run.flow, Run.status, func.count()).group_by(Run.flow, Run.status))
    return {(flow, status): number for flow, status, number in rows}


def last_started(s: Session) -> dict[str, datetime]:
    """When each flow began a run last."""
    rows = s.execute(select(Run.flow, func.max(Run.started_at)).group_by(Run.flow))
    return {flow: moment for flow, moment in rows}  # noqa: C416 (a Row is no pair to mypy)


def last_ended(s: Session, flow: str) -> Ended | None:
    """The run of a flow that ended last; None if none did."""
    run = s.scalars(
        select(Run)
        .where(Run.flow == flow, Run.ended_at.is_not(None))
        .order_by(Run.ended_at.desc())
        .limit(1)
    ).first()
    if run is None or run.ended_at is None:
        return None
    rows = s.execute(
        select(RunItem.outcome, func.count())
        .where(RunItem.run_id == run.id)
        .group_by(RunItem.outcome)
    )
    outcomes = {outcome: number for outcome, number in rows}  # noqa: C416 (as above)
    return Ended(
        flow=flow,
        status=run.status,
        ended_at=run.ended_at,
        seconds=(run.ended_at - run.started_at).total_seconds(),
        left_over=run.left_over,
        outcomes=outcomes,
        microusd=spending.spent_in(s, run.id).microusd,
    )


def paid(s: Session) -> list[Paid]:
    """What each engine was paid."""
    rows = s.execute(
        select(
            Spending.engine,
            func.count(),
            func.sum(func.coalesce(Spending.actual_tokens, Spending.reserved_tokens)),
            func.sum(func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0)),
        )
        .where(Spending.status != spending.RELEASED)
        .group_by(Spending.engine)
        .order_by(Spending.engine)
    )
    return [Paid(engine, calls, int(tokens), int(cost)) for engine, calls, tokens, cost in rows]


def workers(s: Session) -> tuple[int, int]:
    """Processes that work, and those whose heartbeat stopped without an end."""
    alive = select(func.count()).select_from(Worker).where(Worker.alive_until > now())
    everyone = s.scalar(select(func.count()).select_from(Worker)) or 0
    living = s.scalar(alive) or 0
    return living, everyone - living


def last_done(s: Session) -> datetime | None:
    """When an item was done last; None if none ever was."""
    return s.scalar(select(func.max(Item.processed_at)))


def paused(s: Session) -> bool:
    """True if shifts are told to wait."""
    return s.get(Flag, flags.PAUSED) is not None


def slowed(s: Session) -> dict[str, datetime]:
    """Until when services want lanes to cool down, or wanted, by lane."""
    rows = s.scalars(select(Flag).where(Flag.name.startswith(throttles.PREFIX, autoescape=True)))
    return {
        row.name.removeprefix(throttles.PREFIX): datetime.fromisoformat(row.value["until"])
        for row in rows
    }
