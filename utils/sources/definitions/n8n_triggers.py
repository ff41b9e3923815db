"""n8n's triggers: when a workflow runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from utils.sources.definitions.schedules import Planned, every, without_seconds

# Those that begin a workflow without a schedule, from outside or by hand.
_FROM_OUTSIDE = {"manualTrigger", "start", "webhook", "formTrigger", "chatTrigger", "errorTrigger",
                 "executeWorkflowTrigger", "workflowTrigger", "n8nTrigger"}  # fmt: skip
_ON_TIME = {"scheduleTrigger", "cron", "interval"}


def is_trigger(kind: str) -> bool:
    """True for a node that only says when a workflow begins."""
    return kind in _FROM_OUTSIDE | _ON_TIME


def planned(kind: str, given: Mapping[str, Any]) -> Planned:
    """When a trigger begins a workflow; no schedule of one that is begun from outside.

    Raises:
        ValueError: it can't be said here; says why.
    """
    if kind == "scheduleTrigger":
        rule = given.get("rule")
        rules = rule.get("interval") if isinstance(rule, Mapping) else None
        return _several([_rule(one) for one in _mappings(rules)] or [_rule({})])
    if kind == "cron":
        return polling(given.get("triggerTimes"), "everyDay")
    if kind == "interval":
        return every(_number(given, "interval", 1), str(given.get("unit") or "seconds"))
    return Planned(None)


def polling(times: Any, usual: str = "everyMinute") -> Planned:
    """When a node asks by itself for what is new.

    Raises:
        ValueError: it can't be said here; says why.
    """
    given = times.get("item") if isinstance(times, Mapping) else None
    return _several([_time(one, usual) for one in _mappings(given)] or [_time({}, usual)])


def _several(found: list[Planned]) -> Planned:
    first = found[0]
    if len(found) == 1:
        return first
    rest = ", ".join(str(one.schedule) for one in found[1:])
    return first._replace(notes=(*first.notes, f"of several times the first was taken, not {rest}"))


def _rule(given: Mapping[str, Any]) -> Planned:
    field = str(given.get("field") or "days")
    hour, minute = _number(given, "triggerAtHour", 0), _number(given, "triggerAtMinute", 0)
    number = _number(given, f"{field}Interval", 30 if field == "seconds" else 1)
    if field == "cronExpression":
        return without_seconds(_text(given, "expression"))
    if field in {"seconds", "minutes"}:
        return every(number, field)
    if field == "hours":
        return every(number, field, minute)
    if field == "days":
        return Planned(f"{minute} {hour} */{number} * *" if number > 1 else _daily(hour, minute))
    if field == "weeks":
        days = given.get("triggerAtDay")
        named = ",".join(str(int(day)) for day in (days if isinstance(days, list) else [0]))
        notes = (f"every {number} weeks became every week",) if number > 1 else ()
        return Planned(f"{minute} {hour} * * {named or 0}", notes=notes)
    if field == "months":
        day = _number(given, "triggerAtDayOfMonth", 1)
        return Planned(f"{minute} {hour} {day} {f'*/{number}' if number > 1 else '*'} *")
    raise ValueError(f"{field!r} is no interval that is known")


def _time(given: Mapping[str, Any], usual: str) -> Planned:
    mode = str(given.get("mode") or usual)
    hour, minute = _number(given, "hour", 14), _number(given, "minute", 0)
    if mode == "everyMinute":
        return Planned("* * * * *")
    if mode == "everyHour":
        return Planned(f"{minute} * * * *")
    if mode == "everyDay":
        return Planned(_daily(hour, minute))
    if mode == "everyWeek":
        return Planned(f"{minute} {hour} * * {_number(given, 'weekday', 1)}")
    if mode == "everyMonth":
        return Planned(f"{minute} {hour} {_number(given, 'dayOfMonth', 1)} * *")
    if mode == "everyX":
        return every(_number(given, "value", 2), str(given.get("unit") or "hours"))
    if mode == "custom":
        return without_seconds(_text(given, "cronExpression"))
    raise ValueError(f"{mode!r} is no mode that is known")


def _daily(hour: int, minute: int) -> str:
    return f"daily@{hour:02}:{minute:02}"


def _mappings(given: Any) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _number(given: Mapping[str, Any], name: str, usual: int) -> int:
    value = given.get(name, usual)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"its {name} is computed when the workflow runs") from None


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip() or value.startswith("="):
        raise ValueError(f"its {name} is computed when the workflow runs, or missing")
    return value.strip()
