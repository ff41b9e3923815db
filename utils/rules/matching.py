"""Which rules match an item, and what they come to together."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from functools import cache
from typing import Any

from utils.models.options import PipelineOptions, with_changes
from utils.models.rules import Conditions, Decision, ItemFacts, RuleSet


def decide(rules: RuleSet, facts: ItemFacts) -> Decision:
    """What the rules say of an item, as far as it is known: all that match, in their order."""
    applied: list[str] = []
    changes: dict[str, Any] = {}
    told: dict[str, Any] = {}
    publish: list[str] = []
    for rule in rules.rules:
        if not matches(rule.when, facts):
            continue
        applied.append(rule.name)
        changes |= rules.changes(rule.then)
        told |= {
            name: value
            for name in ("priority", "queue")
            if (value := getattr(rule.then, name)) is not None
        }
        publish += [name for name in rule.then.publish or () if name not in publish]
        if "skip" in rule.then.model_fields_set:
            told["skipped_by"] = rule.name if rule.then.skip else None
    return Decision(applied=tuple(applied), changes=changes, publish=tuple(publish), **told)


def options_under(decision: Decision, options: PipelineOptions) -> PipelineOptions:
    """The options with what the rules change of them."""
    return with_changes(options, decision.changes) if decision.changes else options


def in_key(done_key: str, decision: Decision) -> str:
    """The key under which an item is done if these rules apply to it.

    Only what changes results is part of it: a rule that is renamed, or that gives an item another
    place in the queue, does not have it done again.
    """
    if not decision.changes and not decision.skipped_by:
        return done_key
    effects = json.dumps([decision.changes, bool(decision.skipped_by)], sort_keys=True, default=str)
    return hashlib.sha256(f"{done_key}\n{effects}".encode()).hexdigest()


def matches(when: Conditions, facts: ItemFacts) -> bool:
    """True if all that is said holds; what is not known holds nothing."""
    return not failing(when, facts)


def failing(when: Conditions, facts: ItemFacts) -> list[str]:
    """The conditions that do not hold."""
    return [name for name in when.said if not _TESTS[name](getattr(when, name), facts)]


def _between(ends: Any, value: float | None) -> bool:
    return (
        value is not None
        and (ends.min is None or value >= ends.min)
        and (ends.max is None or value <= ends.max)
    )


def _like(patterns: Sequence[str], *values: str | None) -> bool:
    known = [value.casefold() for value in values if value]
    return any(_pattern(one.casefold()).match(value) for one in patterns for value in known)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def _kind(wanted: Any, facts: ItemFacts) -> bool:
    return facts.kind in (wanted if isinstance(wanted, tuple) else (wanted,))


def _camera(parts: Sequence[str], facts: ItemFacts) -> bool:
    camera = (facts.camera or "").casefold()
    return any(part.casefold() in camera for part in parts)


def _day(wanted: Any, facts: ItemFacts) -> bool:
    day = facts.day
    return (
        day is not None
        and (wanted.after is None or day >= wanted.after)
        and (wanted.before is None or day < wanted.before)
    )


_TESTS: dict[str, Callable[[Any, ItemFacts], bool]] = {
    "kind": _kind,
    "source": lambda wanted, facts: _like(wanted, facts.source),
    "path": lambda wanted, facts: _like(wanted, facts.path),
    "duration": lambda wanted, facts: _between(wanted, facts.duration_seconds),
    "size": lambda wanted, facts: _between(wanted, facts.size_bytes),
    "codec": lambda wanted, facts: _like(wanted, *facts.codecs),
    "resolution": lambda wanted, facts: _between(wanted, facts.shorter_side),
    "hdr": lambda wanted, facts: facts.hdr is wanted,
    "camera": _camera,
    "language": lambda wanted, facts: _like(wanted, facts.language),
    "date": _day,
}
