"""When a source is looked into: hourly, daily, weekly or a cron expression, in a time zone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_WORDS = {"hourly": "0 * * * *", "daily": "0 2 * * *", "weekly": "0 2 * * 1"}
_AT = re.compile(r"(daily|weekly)@(\d{1,2}):(\d{2})")


def cron_of(schedule: str) -> str:
    """The cron expression (minute, hour, day, month, day of the week) of a schedule.

    ``hourly``, ``daily`` (at 02:00), ``daily@HH:MM``, ``weekly`` (Mondays at 02:00),
    ``weekly@HH:MM``, or an expression of five fields as cron has them.

    Raises:
        ValueError: it is none, or never fires.
    """
    text = " ".join(schedule.split())
    if match := _AT.fullmatch(text.lower()):
        word, hour, minute = match[1], int(match[2]), int(match[3])
        if hour > 23 or minute > 59:
            raise ValueError(f"{hour:02}:{minute:02} in {schedule!r} is no time of the day")
        return f"{minute} {hour} * * {'*' if word == 'daily' else '1'}"
    cron = _WORDS.get(text.lower(), text)
    if len(cron.split()) != 5:
        raise ValueError(
            f"{schedule!r} is no schedule: say hourly, daily@02:00, weekly, or a cron expression "
            'of five fields such as "30 3 * * 1-5"'
        )
    next_after(cron, "UTC", datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")))
    return cron


class Plain(NamedTuple):
    """A schedule that words can tell: each ``hour``, ``day`` or ``week``, at a time.

    ``weekday``: 0 is Monday; None but for weeks.
    """

    each: str
    hour: int
    minute: int
    weekday: int | None = None


def plain(schedule: str) -> Plain | None:
    """What a schedule says in words; None for one that needs its cron expression."""
    minute, hour, day, month, weekday = cron_of(schedule).split()
    if (day, month) != ("*", "*") or not minute.isdecimal():
        return None
    if (hour, weekday) == ("*", "*"):
        return Plain("hour", 0, int(minute))
    if not hour.isdecimal():
        return None
    if weekday == "*":
        return Plain("day", int(hour), int(minute))
    # Cron's week begins with Sunday, which is 0 and 7.
    return (
        Plain("week", int(hour), int(minute), (int(weekday) - 1) % 7)
        if weekday.isdecimal()
        else None
    )


def next_after(cron: str, timezone: str, moment: datetime) -> datetime:
    """When a cron expression fires next, in its time zone (cronsim: as Debian's cron).

    Raises:
        ValueError: it is none, or does not fire within fifty years.
    """
    try:
        return next(CronSim(cron, moment.astimezone(ZoneInfo(timezone))))
    except CronSimError as error:
        raise ValueError(f"{cron!r} is no cron expression: {error}") from error
    except StopIteration:
        raise ValueError(f"{cron!r} never fires") from None


def valid_schedule(text: str) -> str:
    """The same schedule, its spaces in order, for pydantic.

    Raises:
        ValueError: it is none.
    """
    cron_of(text)
    return " ".join(text.split())
