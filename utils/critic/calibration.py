"""Weights and thresholds proposed from people's decisions; nothing of it is ever applied.

A search by single changes: of one weight, of the share of the rules, each with the best threshold
beside it; the change that mends most is made, until none mends more than it costs. Whether that is
worth anything is asked of decisions that it was not made of (cross-validation): where it is not
right clearly more often than today's thresholds (McNemar's test), today's are what is proposed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from utils.critic import weighing
from utils.critic.weighing import Items, Numbers
from utils.db.review_memory import HeldReview
from utils.models.calibration import Calibration, Confusion, Thresholds

LEAST = 30  # decisions; 30 tell a share of errors to some 8 in 100
LEAST_OF_EACH = 8
FOLDS = 5
_CLEAR = 1.96  # standard deviations: one time in forty by chance
_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
_SHARES = tuple(round(0.1 * number, 1) for number in range(11))
_CUTS = np.round(np.arange(0.3, 0.96, 0.01), 2)
_COST = 0.005  # of a changed number, as a share of the decisions that it must mend; one at least
_MOST_CHANGES = 12
_PREFIX = "NIGHTSHIFT_PIPELINE__APPROVAL__"


class _Known(NamedTuple):
    """Items that can be learnt from, and whether a person accepted each."""

    items: Items
    accepted: Numbers


class _Tried(NamedTuple):
    """Thresholds, and what they cost: errors, and what it takes to change numbers."""

    thresholds: Thresholds
    loss: float


def calibrate(decisions: Sequence[HeldReview], now: Thresholds) -> Calibration:
    """What the decisions propose in place of ``now``, and how it does on those held out."""
    usable = [one for one in decisions if one.snapshot.scores]
    found = weighing.items([one.snapshot for one in usable])
    accepted = np.array([one.decision == "accept" for one in usable], dtype=bool)
    free = ~found.barred
    known = _Known(found.part(free), accepted[free])
    number, of_accepted = len(known.accepted), int(known.accepted.sum())
    none = Calibration(
        decisions=len(decisions),
        accepted=sum(one.decision == "accept" for one in decisions),
        unusable=len(decisions) - len(usable),
        barred=int(found.barred.sum()),
        folds=FOLDS,
        today=now,
        proposed=now,
        is_better=False,
        reason="",
    )
    if number < LEAST or min(of_accepted, number - of_accepted) < LEAST_OF_EACH:
        return none.model_copy(update={"reason": _too_few(number, of_accepted)})
    return _judged(none, known, _Known(found, accepted))


def _judged(none: Calibration, known: _Known, every: _Known) -> Calibration:
    now = none.today
    was = weighing.approved(known.items, now)
    is_now = _held_out(known, now)
    held = {
        "held_out_today": _confusion(was, known.accepted),
        "held_out_proposed": _confusion(is_now, known.accepted),
        "seen_today": _confusion(weighing.approved(every.items, now), every.accepted),
    }
    repaired = int(((was != known.accepted) & (is_now == known.accepted)).sum())
    spoilt = int(((was == known.accepted) & (is_now != known.accepted)).sum())
    right = f"of {len(was)} held-out decisions {int((was == known.accepted).sum())} are right today"
    is_clear = repaired > spoilt and (repaired - spoilt) >= _CLEAR * (repaired + spoilt) ** 0.5
    best = _fitted(known, now) if is_clear else now
    if best == now:
        reason = f"{right}; no proposal does clearly better: today's values stay"
        held |= {"held_out_proposed": held["held_out_today"], "seen_proposed": held["seen_today"]}
        return none.model_copy(update=held | {"reason": reason})
    seen = _confusion(weighing.approved(every.items, best), every.accepted)
    reason = f"{right}, {int((is_now == known.accepted).sum())} by the proposal"
    return none.model_copy(
        update=held
        | {
            "seen_proposed": seen, "proposed": best, "is_better": True, "reason": reason,
            "settings": tuple(settings_lines(now, best)),
        }
    )  # fmt: skip


def settings_lines(now: Thresholds, proposed: Thresholds) -> Iterator[str]:
    """The lines of a ``.env`` that set what is proposed, as far as it is another than now."""
    if proposed.publish_from != now.publish_from:
        yield f"{_PREFIX}PUBLISH_FROM={proposed.publish_from:g}"
    if proposed.rules_weight != now.rules_weight:
        yield f"{_PREFIX}RULES_WEIGHT={proposed.rules_weight:g}"
    if proposed.weights != now.weights:
        pairs = [f"{name}={weight:g}" for name, weight in sorted(proposed.weights.items())]
        yield f"{_PREFIX}WEIGHTS='{json.dumps(pairs)}'"


def _too_few(number: int, accepted: int) -> str:
    return (
        f"too few decisions: {number} can be learnt from, {accepted} of them accepted; it takes "
        f"{LEAST}, of them {LEAST_OF_EACH} accepted and {LEAST_OF_EACH} not"
    )


def _held_out(known: _Known, now: Thresholds) -> Numbers:
    """Whether each item would be approved by thresholds that were made without it."""
    fold = np.zeros(len(known.accepted), dtype=int)
    for value in (True, False):  # as many of both in each part
        rows = np.flatnonzero(known.accepted == value)
        fold[rows] = np.arange(len(rows)) % FOLDS
    approved = np.zeros(len(known.accepted), dtype=bool)
    for number in range(FOLDS):
        rest, part = fold != number, fold == number
        best = _fitted(_Known(known.items.part(rest), known.accepted[rest]), now)
        approved[part] = weighing.approved(known.items.part(part), best)
    return approved


def _fitted(known: _Known, now: Thresholds) -> Thresholds:
    best = _with_cut(known, now, now)
    for _ in range(_MOST_CHANGES):
        tried = min(
            (_with_cut(known, one, now) for one in _neighbours(known.items, best.thresholds)),
            key=lambda one: one.loss,
        )
        if tried.loss >= best.loss:
            break
        best = tried
    return best.thresholds


def _neighbours(items: Items, now: Thresholds) -> Iterator[Thresholds]:
    """All that differ in one weight, or in the share of the rules."""
    if items.critic.names:
        yield from (now.model_copy(update={"rules_weight": share}) for share in _SHARES)
    for name in dict.fromkeys((*items.rules.names, *items.critic.names)):
        for weight in _WEIGHTS:
            yield now.model_copy(update={"weights": now.weights | {name: weight}})


def _with_cut(known: _Known, tried: Thresholds, now: Thresholds) -> _Tried:
    """The same with the threshold that makes the fewest errors, the nearest to today's of them."""
    scores = weighing.scores(known.items, tried.weights, tried.rules_weight)
    cuts = np.append(_CUTS, now.publish_from)
    wanted, unwanted = np.sort(scores[known.accepted]), np.sort(scores[~known.accepted])
    errors = np.searchsorted(wanted, cuts) + len(unwanted) - np.searchsorted(unwanted, cuts)
    cost = max(1.0, _COST * len(scores))
    loss = errors + cost * (cuts != now.publish_from) + 0.01 * np.abs(cuts - now.publish_from)
    place = int(np.argmin(loss))
    changed = sum(now.weights.get(name) != weight for name, weight in tried.weights.items())
    changed += tried.rules_weight != now.rules_weight
    found = tried.model_copy(update={"publish_from": float(cuts[place])})
    return _Tried(found, float(loss[place]) + cost * changed)


def _confusion(machine: Numbers, person: Numbers) -> Confusion:
    return Confusion(
        both=int((machine & person).sum()),
        person_only=int((~machine & person).sum()),
        machine_only=int((machine & ~person).sum()),
        neither=int((~machine & ~person).sum()),
    )
