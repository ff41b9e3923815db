"""Readings of one item: what a model said, held against the material, and the middle of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from utils.critic import revision, wording
from utils.critic.form import Answer, SaidBreach, SaidChange, SaidEvidence, SaidScore
from utils.critic.material import Material
from utils.critic.quotes import Quotable
from utils.models.approval import Change, CriticScore, Evidence
from utils.models.house_rules import RuleBreach

_MOST_WORDS = 300  # characters of what a model says in words
_MOST_CHANGES = 6
_AGREED = 2  # readings that must see a rule broken: one alone may have invented it


class Reading(NamedTuple):
    """One answer, checked: its score is the mean of the criteria that count."""

    score: float
    criteria: tuple[CriticScore, ...]
    breaches: tuple[RuleBreach, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def checked(answer: Answer, seen: Material, rules: dict[str, str]) -> Reading | None:
    """An answer with the evidence that holds; None where no criterion has any.

    Args:
        answer: What the model said.
        seen: What it was shown.
        rules: What each house rule that may be broken is called, by its name in lower case.
    """
    text = seen.quotable()
    criteria = tuple(
        _score(name.replace("_", " "), said, seen, text) for name, said in answer.scores().items()
    )
    counting = [one.score for one in criteria if one.counts]
    if not counting:
        return None
    breaches = [(one.rule, _breach(one, seen, text, rules)) for one in answer.breaches]
    odd = [_clean(rule) for rule, found in breaches if found is None]
    notes = [f"a broken rule without evidence does not count: {rule}" for rule in odd]
    return Reading(
        score=sum(counting) / len(counting),
        criteria=criteria,
        breaches=tuple(found for _, found in breaches if found),
        changes=tuple(map(_change, answer.changes)),
        notes=tuple(notes),
    )


def middle(readings: Sequence[Reading]) -> tuple[CriticScore, ...]:
    """Each criterion's middle score over the readings in which its evidence holds."""
    names = [one.name for one in readings[0].criteria]
    order = [one.name for one in wording.criteria()]
    return tuple(_middle(name, readings) for name in sorted(names, key=order.index))


def agreed_breaches(readings: Sequence[Reading]) -> Iterator[RuleBreach]:
    """The broken rules that more than one reading saw."""
    for rule in dict.fromkeys(b.rule for reading in readings for b in reading.breaches):
        seen = [next((b for b in r.breaches if b.rule == rule), None) for r in readings]
        found = [one for one in seen if one]
        if len(found) >= _AGREED:
            yield found[0]


def all_changes(readings: Sequence[Reading]) -> tuple[Change, ...]:
    """What they ask to change; of two values for one option the first."""
    found: list[Change] = []
    taken: set[str] = set()
    for change in (change for reading in readings for change in reading.changes):
        fresh = {name: value for name, value in change.options.items() if name not in taken}
        if not change.words or any(change.words == one.words for one in found):
            continue
        if change.options and not fresh:  # the same again in other words
            continue
        taken |= set(fresh)
        found.append(change.model_copy(update={"options": fresh}))
    return tuple(found[:_MOST_CHANGES])


def all_notes(readings: Sequence[Reading], breaches: Sequence[RuleBreach]) -> Iterator[str]:
    """What the readings did not agree on, or named without evidence."""
    yield from dict.fromkeys(note for reading in readings for note in reading.notes)
    rules = {breach.rule for breach in breaches}
    for rule in dict.fromkeys(b.rule for r in readings for b in r.breaches if b.rule not in rules):
        yield f"one reading alone saw a rule broken: {rule}"


def _middle(name: str, readings: Sequence[Reading]) -> CriticScore:
    given = [one for reading in readings for one in reading.criteria if one.name == name]
    counting = [one for one in given if one.counts] or given
    score = round(median(one.score for one in counting), 4)
    nearest = min(counting, key=lambda one: abs(one.score - score))
    return nearest.model_copy(update={"score": score})


def _score(name: str, said: SaidScore, seen: Material, text: Quotable) -> CriticScore:
    held = [found for one in said.evidence if (found := _evidence(one, seen, text))]
    reason = _clean(said.reason)
    if not held:
        invented = next((one.quote for one in said.evidence if one.quote), None)
        why = f"{_clean(invented)!r} does not stand there" if invented else "no evidence"
        reason = f"{reason} (does not count: {why})"
    return CriticScore(
        name=name, score=said.score, reason=reason, evidence=tuple(held), counts=bool(held)
    )


def _evidence(said: SaidEvidence, seen: Material, text: Quotable) -> Evidence | None:
    """The evidence if it holds: a quote with its own time, or a time where nothing is quoted."""
    if said.quote and said.quote.strip():
        place = text.find(said.quote)
        if place is None:
            return None
        return Evidence(quote=_clean(said.quote), start_seconds=place.start_seconds)
    if said.start_seconds is None or not seen.is_time(said.start_seconds):
        return None
    return Evidence(start_seconds=round(said.start_seconds, 2))


def _breach(
    said: SaidBreach, seen: Material, text: Quotable, rules: dict[str, str]
) -> RuleBreach | None:
    rule = rules.get(said.rule.strip().casefold())
    given = SaidEvidence(quote=said.quote, start_seconds=said.start_seconds)
    found = _evidence(given, seen, text)
    if rule is None or found is None or found.quote is None:
        return None
    return RuleBreach(
        rule=rule,
        reason=_clean(said.reason),
        quote=found.quote,
        start_seconds=found.start_seconds,
    )


def _change(said: SaidChange) -> Change:
    options = {one.name: one.value for one in said.options}
    return Change(words=_clean(said.words), options=revision.allowed(options))


def _clean(text: str) -> str:
    """A model's words on one line, without controls, and not without end."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= _MOST_WORDS else f"{plain[: _MOST_WORDS - 1]}…"
