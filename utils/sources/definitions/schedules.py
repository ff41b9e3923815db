"""Schedules as other programs write them, as ours: ``hourly``, ``daily@02:00``, or a cron line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri",
                                                     "sat"))}  # fmt: skip
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*(am|pm)?", re.IGNORECASE)
_BY_HAND = {"", "none", "manual", "on_demand", "on-demand", "ondemand", "once", "never", "null"}
_CUSTOM = {"custom", "cron"}


class Planned(NamedTuple):
    """A schedule, if there is one, its time zone, and what a person has to know of it."""

    schedule: str | None
    timezone: str | None = None
    notes: tuple[str, ...] = ()


def read(given: Any, timezone: str | None = None) -> Planned:
    """A schedule from a word, a cron line, or a mapping with a frequency and a time.

    Raises:
        ValueError: it can't be said here, or is none; says why.
    """
    if given is None or given is False:
        return Planned(None, timezone)
    if isinstance(given, str):
        text = given.strip()
        is_none = text.lower() in _BY_HAND
        return Planned(None if is_none else text, timezone)
    if not isinstance(given, Mapping):
        raise ValueError("its schedule is neither a text nor a mapping")
    zone = given.get("timezone") or given.get("time_zone") or given.get("tz") or timezone
    zone = str(zone) if zone else None
    if given.get("enabled") is False or given.get("is_active") is False:
        return Planned(None, zone, ("its schedule was switched off: it has none",))
    return Planned(_frequency(given), zone)


def time_of(given: Any) -> tuple[int, int]:
    """Hour and minute of ``14:30``, ``2:30 pm``; YAML reads an unquoted 14:30 as 870.

    Raises:
        ValueError: it is no time of the day.
    """
    if isinstance(given, int) and not isinstance(given, bool) and 60 <= given < 24 * 60:
        return divmod(given, 60)
    found = _TIME.fullmatch(str(given).strip())
    if not found:
        raise ValueError(f"{given!r} is no time of the day such as 02:00")
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"{given!r} is no time of the day")
    return hour, minute


def day_of(given: Any) -> int:
    """A day of the week as cron numbers it, Sunday being 0.

    Raises:
        ValueError: it is none.
    """
    text = str(given).strip().lower()
    if text[:3] in _DAYS:
        return _DAYS[text[:3]]
    if text.isdecimal() and int(text) <= 7:
        return int(text) % 7
    raise ValueError(f"{given!r} is no day of the week")


def every(number: int, unit: str, minute: int = 0) -> Planned:
    """Every so many minutes or hours.

    Raises:
        ValueError: cron can't say it.
    """
    if number < 1:
        raise ValueError(f"every {number} {unit} is no schedule")
    if unit.startswith("second"):
        return Planned("* * * * *", notes=(f"every {number} s became every minute",))
    size, field = (
        (60, "*/{0} * * * *") if unit.startswith("min") else (24, f"{minute} */{{0}} * * *")
    )
    if unit.startswith("day"):
        return Planned(f"{minute} 0 */{number} * *" if number > 1 else "daily@00:00")
    if number >= size:
        whole, rest = divmod(number, size)
        if rest:
            raise ValueError(f"every {number} {unit} can't be said as a cron line")
        return every(whole, "hours" if size == 60 else "days", minute)
    uneven = (f"every {number} {unit} begins anew each {'hour' if size == 60 else 'day'}",)
    return Planned(field.format(number), notes=uneven if size % number else ())


def without_seconds(cron: str) -> Planned:
    """A cron line of five fields; of one of six, the seconds are left out."""
    fields = cron.split()
    if len(fields) != 6:
        return Planned(" ".join(fields))
    notes = () if fields[0] == "0" else ("the seconds of its cron line are left out",)
    return Planned(" ".join(fields[1:]), notes=notes)


def _frequency(given: Mapping[str, Any]) -> str | None:
    cron = given.get("cron_expression") or given.get("cron") or given.get("expression")
    word = given.get("frequency") or given.get("type") or given.get("mode") or given.get("interval")
    text = str(word).strip().lower() if word is not None else "custom" if cron else ""
    if text in _CUSTOM:
        if not cron:
            raise ValueError("its schedule is custom and names no cron_expression")
        return without_seconds(str(cron)).schedule
    if text in _BY_HAND:
        return None
    if text.isdecimal():
        return every(int(text), str(given.get("unit") or "minutes")).schedule
    at = given.get("time") or given.get("at") or given.get("time_of_day")
    return _at(text, time_of(at) if at is not None else None, given)


def _at(word: str, at: tuple[int, int] | None, given: Mapping[str, Any]) -> str:
    hour, minute = at or (2, 0)
    if word in {"hourly", "hour", "every_hour"}:
        return f"{minute if at else int(given.get('minute') or 0)} * * * *"
    if word in {"daily", "day", "every_day"}:
        return f"daily@{hour:02}:{minute:02}"
    if word in {"weekly", "week", "every_week"}:
        day = given.get("day_of_week", given.get("day", given.get("weekday", 1)))
        days = day if isinstance(day, list) else [day]
        return f"{minute} {hour} * * {','.join(str(day_of(one)) for one in days)}"
    if word in {"monthly", "month", "every_month"}:
        return f"{minute} {hour} {int(given.get('day_of_month') or given.get('day') or 1)} * *"
    raise ValueError(f"{word!r} is no frequency: hourly, daily, weekly, monthly or custom")
