"""Days, weeks (ISO 8601), months and years, each by its first day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from utils.errors import UsageError
from utils.models.music_answers import Step

# More rows than these nobody reads, and a timeline from the year 1 would have millions. Chosen.
MOST = 20_000


def firsts(begin: date, end: date, step: Step) -> Iterator[date]:
    """The first day of each span from that of ``begin`` to that of ``end``.

    Raises:
        UsageError: there are more than ``MOST``.
    """
    day, last, count = first(begin, step), first(end, step), 0
    while day <= last:
        count += 1
        if count > MOST:
            raise UsageError(
                f"By {step} this timeline has more than {MOST:,} rows. Ask for a shorter "
                "period, or by year."
            )
        yield day
        if last - day < timedelta(days=1):  # also where the calendar ends
            return
        day = first(day + timedelta(days={"day": 1, "week": 7, "month": 31, "year": 366}[step]),
                     step)  # fmt: skip


def first(day: date, step: Step) -> date:
    """The first day of the span that a day lies in."""
    if step == "week":
        return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
    if step == "day":
        return day
    return day.replace(day=1) if step == "month" else day.replace(month=1, day=1)


def name(day: date, step: Step) -> str:
    """2026-11-26, 2026-W48, 2026-11 or 2026, by the first day."""
    if step == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[step]]
