"""The budget: money is reserved before a call of a paid service, and settled after it.

What counts against a ceiling is the true cost where it is known, else what was reserved: a
call whose answer never came may be billed all the same, and so may one of a process that was
killed. Ceilings hold for one run, so that the next shift begins at 0.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    String,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import locks
from utils.db.base import UtcTime
from utils.db.schema import Spending
from utils.db.session import session
from utils.errors import DeferredError, NightShiftError, RetryableError, SettingsError
from utils.models.analysis import TokenUsage
from utils.models.spending import Ceilings, Estimate, Reservation, Spent

RESERVED, SETTLED, RELEASED = "reserved", "settled", "released"

_log = logging.getLogger(__name__)

_cost = case(
    (Spending.status == RELEASED, 0),
    else_=func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0),
)


class Bill:
    """The bill of a call: whoever made the call writes the tokens on it."""

    usage: TokenUsage | None = None


@contextmanager
def spent(
    run_id: str, item_id: str, step: str, estimate: Estimate | None, settings: Settings
) -> Iterator[Bill]:
    """Reserve ``estimate`` while the block makes its call, and settle by the bill afterwards.

    A call that raises is settled too if its error says that it was billed, else released.
    Without an estimate (a free engine) nothing is noted.

    Raises:
        DeferredError: the call does not fit a ceiling; it was not made.
        SettingsError: there is a ceiling, but no price to hold against it.
    """
    bill = Bill()
    if estimate is None:
        yield bill
        return
    with session() as s:
        held = reserve(s, run_id, item_id, step, estimate, ceilings(settings))
    try:
        yield bill
    except NightShiftError as error:
        _close(held, error.usage, error.billed)
        raise
    _close(held, bill.usage, True)


def ceilings(settings: Settings) -> Ceilings:
    """The ceilings that are set."""
    return Ceilings(settings.ai_item_ceiling_usd, settings.ai_shift_ceiling_usd)


def reserve(
    s: Session, run_id: str, item_id: str, step: str, estimate: Estimate, limits: Ceilings
) -> Reservation:
    """Reserve the most that a call may cost, in the caller's transaction.

    The sum and the new row are one statement: SQLite takes its write lock for it, Postgres
    gets an advisory lock first, so that two workers never overshoot a ceiling together.

    Raises:
        DeferredError: it does not fit what is left below a ceiling.
        SettingsError: there is a ceiling, but no price to hold against it.
    """
    cost = estimate.microusd
    if cost is None and limits != Ceilings(None, None):
        raise SettingsError(
            f"No price is known for {estimate.engine}, so no cost ceiling can be kept. Set "
            "NIGHTSHIFT_AI_PRICE__INPUT_USD and NIGHTSHIFT_AI_PRICE__OUTPUT_USD (for a million "
            "tokens), or NIGHTSHIFT_AI_ITEM_CEILING_USD and NIGHTSHIFT_AI_SHIFT_CEILING_USD "
            "to none."
        )
    locks.wait_for(s, locks.SPENDING)
    row: dict[str, ColumnElement[Any]] = {
        "run_id": literal(run_id, String),
        "item_id": literal(item_id, String),
        "step": literal(step, String),
        "engine": literal(estimate.engine[:80], String),
        "status": literal(RESERVED, String),
        "reserved_tokens": literal(estimate.tokens, BigInteger),
        "reserved_microusd": literal(cost, BigInteger),
        "created_at": literal(now(), UtcTime),
    }
    fits = [
        _sum(run_id, whose) + (cost or 0) <= round(limit * 1e6)
        for whose, limit in ((item_id, limits.item_usd), (None, limits.shift_usd))
        if limit is not None
    ]
    made = s.execute(
        insert(Spending)
        .from_select(list(row), select(*row.values()).where(*fits))
        .returning(Spending.id)
    ).scalar()
    if made is None:
        raise _deferred(s, run_id, item_id, step, cost or 0, limits)
    return Reservation(made, estimate)


def settle(s: Session, held: Reservation, usage: TokenUsage | None) -> None:
    """Note what a call used; with None what was reserved stays counted, as the call was made."""
    s.execute(
        update(Spending)
        .where(Spending.id == held.spending_id)
        .values(
            status=SETTLED,
            closed_at=now(),
            actual_tokens=usage and usage.prompt_tokens + usage.response_tokens,
            actual_microusd=usage and held.estimate.cost_of(usage),
        )
    )


def release(s: Session, held: Reservation) -> None:
    """Give back what was reserved for a call that nothing was billed for."""
    s.execute(
        update(Spending)
        .where(Spending.id == held.spending_id)
        .values(status=RELEASED, closed_at=now())
    )


def spent_in(s: Session, run_id: str, item_id: str | None = None) -> Spent:
    """What a run has cost so far, for one item or for all."""
    unknown = Spending.actual_microusd.is_(None)
    query = select(
        func.coalesce(func.sum(_cost), 0),
        func.coalesce(func.sum(case((unknown, _cost), else_=0)), 0),
        func.coalesce(func.sum(func.coalesce(Spending.actual_tokens, Spending.reserved_tokens)), 0),
        func.count(Spending.id),
        func.count(case((Spending.reserved_microusd.is_(None), 1))),
    ).where(Spending.status != RELEASED, *_of(run_id, item_id))
    return Spent(*(int(value) for value in s.execute(query).one()))


def usual_of_item(s: Session) -> float | None:
    """What an item has cost so far, in USD, on the average of those that cost anything."""
    query = select(func.sum(_cost), func.count(func.distinct(Spending.item_id)))
    cost, number = s.execute(query.where(Spending.status == SETTLED)).one()
    return float(cost) / number / 1e6 if number else None


def spent_by_run(s: Session, run_ids: Sequence[str]) -> dict[str, int]:
    """What each of some runs has cost so far, in micro-USD; an entry where there was a call."""
    query = select(Spending.run_id, func.sum(_cost)).where(Spending.run_id.in_(run_ids))
    return {run_id: int(cost) for run_id, cost in s.execute(query.group_by(Spending.run_id))}


def _of(run_id: str, item_id: str | None) -> list[ColumnElement[bool]]:
    whole = [Spending.run_id == run_id]
    return whole if item_id is None else [*whole, Spending.item_id == item_id]


def _sum(run_id: str, item_id: str | None) -> ScalarSelect[int]:
    query = select(func.coalesce(func.sum(_cost), 0)).where(*_of(run_id, item_id))
    return query.scalar_subquery()


def _close(held: Reservation, usage: TokenUsage | None, billed: bool) -> None:
    """Settle or release; a database that does not answer leaves the money reserved.

    Nothing is raised: an answer that was paid for is worth more than an exact sum.
    """
    try:
        with session() as s:
            if billed:
                settle(s, held, usage)
            else:
                release(s, held)
    except RetryableError as error:
        _log.warning("The cost of a call stays as estimated: %s", error)


def _deferred(
    s: Session, run_id: str, item_id: str, step: str, cost: int, limits: Ceilings
) -> DeferredError:
    """Which ceiling is in the way, in USD."""
    whose, limit, setting = "the run", limits.shift_usd, "NIGHTSHIFT_AI_SHIFT_CEILING_USD"
    used = spent_in(s, run_id, item_id).microusd
    if limits.item_usd is not None and used + cost > round(limits.item_usd * 1e6):
        whose, limit, setting = "this item", limits.item_usd, "NIGHTSHIFT_AI_ITEM_CEILING_USD"
    else:
        used = spent_in(s, run_id).microusd
    return DeferredError(
        f"{step} may cost {cost / 1e6:.4f} USD, and {used / 1e6:.4f} of the {limit:g} USD for "
        f"{whose} are spent or reserved. It was left out: raise {setting}, or let a later "
        "run do it."
    )
