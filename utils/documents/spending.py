"""What was spent, put together by day or month, by engine, by step, by run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from utils.db.cost_history import Paid, Worked
from utils.models.steps import lane_of

COLUMNS = ("run_id", "began_at", "service", "model", "step", "calls", "tokens", "usd",
           "estimated_usd", "calls_without_price")  # fmt: skip


class Sum(NamedTuple):
    """What something cost, in USD; ``open_usd``: the part of it that is estimated."""

    name: str
    usd: float
    open_usd: float
    calls: int
    tokens: int
    unpriced: int


class Lane(NamedTuple):
    """A class of work: how long its steps took, and what they wrote."""

    name: str
    executions: int
    seconds: float
    bytes_written: int


def by(rows: Iterable[Paid], key: Callable[[Paid], str]) -> list[Sum]:
    """Sums by what ``key`` says of a row, the dearest first."""
    parts: dict[str, list[Paid]] = defaultdict(list)
    for row in rows:
        parts[key(row)].append(row)
    found = [total(name, some) for name, some in parts.items()]
    return sorted(found, key=lambda one: (-one.usd, one.name))


def total(name: str, rows: Sequence[Paid]) -> Sum:
    """The sum of rows."""
    return Sum(
        name,
        sum(row.microusd for row in rows) / 1e6,
        sum(row.open_microusd for row in rows) / 1e6,
        sum(row.calls for row in rows),
        sum(row.tokens for row in rows),
        sum(row.unpriced for row in rows),
    )


def over_time(
    rows: Sequence[Paid], zone: ZoneInfo, begin: date | None, end: date, by_month: bool
) -> tuple[list[date], dict[str, list[float]]]:
    """The first day of each span to ``end``, and what each engine cost in it, in USD.

    Args:
        rows: What was paid.
        zone: In which days begin.
        begin: The first day; that of the first row if None.
        end: The last day.
        by_month: Months, not days.
    """
    days = [_first(row.began_at.astimezone(zone).date(), by_month) for row in rows]
    first = _first(begin or min(days, default=end), by_month)
    spans = list(_spans(min([first, *days]), end, by_month))
    at = {day: number for number, day in enumerate(spans)}
    series: dict[str, list[float]] = {}
    for row, day in zip(rows, days, strict=True):
        if day in at:  # a clock that was wrong may have rows in the future
            series.setdefault(row.engine, [0.0] * len(spans))[at[day]] += row.microusd / 1e6
    return spans, series or {"": [0.0] * len(spans)}


def lanes(rows: Iterable[Worked]) -> list[Lane]:
    """The classes of work, those that took the most time first."""
    parts: dict[str, list[Worked]] = defaultdict(list)
    for row in rows:
        parts[lane_of(row.step)].append(row)
    found = [
        Lane(
            name,
            sum(row.executions for row in some),
            sum(row.seconds for row in some),
            sum(row.bytes_written for row in some),
        )
        for name, some in parts.items()
    ]
    return sorted(found, key=lambda lane: -lane.seconds)


def expected_usd(
    waiting: int, usual_usd: float | None, shift_limit: int, ceiling_usd: float | None
) -> float | None:
    """What the next night may cost, by what an item has cost so far; None where nobody knows."""
    if usual_usd is None or not waiting:
        return None
    likely = min(waiting, shift_limit) * usual_usd
    return likely if ceiling_usd is None else min(likely, ceiling_usd)


def record(row: Paid) -> tuple[Any, ...]:
    """A row under ``COLUMNS``."""
    service, _, model = row.engine.partition(" ")
    money = (f"{row.microusd / 1e6:.6f}", f"{row.open_microusd / 1e6:.6f}")
    return (row.run_id, row.began_at.isoformat(), service, model, row.step, row.calls, row.tokens,
            *money, row.unpriced)  # fmt: skip


def _spans(begin: date, end: date, by_month: bool) -> Iterator[date]:
    day = begin
    while day <= end:
        yield day
        day = _first(day + timedelta(days=32), True) if by_month else day + timedelta(days=1)


def _first(day: date, by_month: bool) -> date:
    return day.replace(day=1) if by_month else day
