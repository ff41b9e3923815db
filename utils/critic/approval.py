"""From the verdict, the house rules and the critic's scores to: approved, review, rejected.

After the first Night Shift: publication needs a score of 0.7 and no broken house rule. Both kept:
approved. The rules alone kept: review. Else: rejected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from utils.models.approval import (
    Approval,
    ApprovalStatus,
    Change,
    CriticScore,
    Critique,
    Missing,
)
from utils.models.house_rules import HouseCheck, RuleBreach
from utils.models.options import ApprovalOptions
from utils.models.verdict import Band, Criterion, Verdict
from utils.quality.verdict import band

_LEAST_EVIDENCE = 0.5  # share of the critic's scores that must have evidence for an approval
NO_CRITIC = "no critic is set"
NOTHING_TO_READ = "there is nothing to read but a title"
AWAY = "the critic did not answer: it is asked again next night"

NOTHING_MISSING = Missing()


class Scores(NamedTuple):
    """The weighted scores of the rules and of the critic (None: there is none), and of both."""

    rules: float
    critic: float | None
    whole: float

    def words(self, needed: float) -> str:
        """The score as people read it."""
        parts = (
            () if self.critic is None else (f"rules {self.rules:.2f}, critic {self.critic:.2f}",)
        )
        return f"Score {self.whole:.2f} ({'; '.join((*parts, f'{needed:g} needed'))})"


def scores(
    criteria: Iterable[Criterion], critic: Iterable[CriticScore], options: ApprovalOptions
) -> Scores:
    """The scores by the weights of ``options``: what the calibration compares proposals with."""
    weights = weights_of(options)
    rules = _mean((one.score, weights.get(key(one.name), one.weight)) for one in criteria)
    said = _mean((one.score, weights.get(key(one.name), 1.0)) for one in critic if one.counts)
    if rules is None or said is None:
        alone = (rules if said is None else said) or 0.0
        return Scores(alone, said, round(alone, 4))
    whole = options.rules_weight * rules + (1 - options.rules_weight) * said
    return Scores(rules, said, round(whole, 4))


def weights_of(options: ApprovalOptions) -> dict[str, float]:
    """The weights that a person gave, by names without case and ``_``."""
    pairs = (one.rpartition("=") for one in options.weights)
    return {key(name): float(value) for name, _, value in pairs}


def decide(
    item_id: str,
    verdict: Verdict,
    house: HouseCheck | None,
    critique: Critique | None,
    options: ApprovalOptions,
    missing: Missing = NOTHING_MISSING,
) -> Approval:
    """Whether an item may be published, and why.

    Args:
        item_id: Of the item.
        verdict: What the rules say.
        house: What the house rules say; None where there are none.
        critique: What the critic says; None where there is none, or it failed.
        options: Weights, and the score that publication needs.
        missing: Why there is no critique, and what has to be there before it is approved.
    """
    found = scores(verdict.criteria, critique.criteria if critique else (), options)
    breaches = (*(house.breaches if house else ()), *(critique.breaches if critique else ()))
    status, reason = _status(verdict, found, breaches, critique, options)
    if status is ApprovalStatus.APPROVED and missing.awaited:
        said = found.words(options.publish_from)
        status, reason = ApprovalStatus.REVIEW, f"{said}, but {'; '.join(missing.awaited)}."
    if critique is None:
        reason += f" Judged by the rules alone: {missing.critic or NO_CRITIC}."
    is_wanting = found.whole < options.publish_from
    return Approval(
        item_id=item_id,
        status=status,
        score=found.whole,
        band=Band.REJECT if _rejected(verdict, found) else band(found.whole),
        by="critic" if critique else "rules",
        reason=reason,
        breaches=breaches,
        changes=_changes(critique) if is_wanting else (),
        notes=_notes(house, critique),
    )


def _status(
    verdict: Verdict,
    found: Scores,
    breaches: tuple[RuleBreach, ...],
    critique: Critique | None,
    options: ApprovalOptions,
) -> tuple[ApprovalStatus, str]:
    """The status, and why in words."""
    if why := _rejected(verdict, found):
        return ApprovalStatus.REJECTED, f"Rejected by the rules: {why}."
    if breaches:
        return ApprovalStatus.REJECTED, f"Breaks a house rule: {_breaches(breaches)}."
    said = found.words(options.publish_from)
    if found.whole < options.publish_from:
        low = f"{said} is too low: a person decides."
        return ApprovalStatus.REVIEW, f"{low}{_lowest(verdict, critique)}"
    if why := doubt(critique):
        return ApprovalStatus.REVIEW, f"{said}, but {why}: a person decides."
    return ApprovalStatus.APPROVED, f"{said}, and no house rule is broken."


def _rejected(verdict: Verdict, found: Scores) -> str | None:
    """Why the rules reject; None where they don't."""
    failed = next((one for one in verdict.criteria if one.failed), None)
    if failed:
        return f"{failed.name}: {failed.reason}"
    if band(found.rules) is not Band.REJECT:
        return None
    return f"score {found.rules:.2f}"


def doubt(critique: Critique | None) -> str | None:
    """Why an approval would rest on scores that may be wrong."""
    if critique is None:
        return None
    if critique.orders:
        first = critique.orders[0]
        at = "" if first.start_seconds is None else f" at {first.start_seconds:.0f} s"
        return f"the item speaks to whoever judges it ({first.quote!r}{at})"
    counting = sum(one.counts for one in critique.criteria)
    if counting < _LEAST_EVIDENCE * len(critique.criteria):
        return f"only {counting} of {len(critique.criteria)} of the critic's scores have evidence"
    return None


def _breaches(breaches: tuple[RuleBreach, ...]) -> str:
    first, *more = breaches
    at = "" if first.start_seconds is None else f" at {first.start_seconds:.0f} s"
    said = f"{first.rule}: {first.reason}" + (f" ({first.quote!r}{at})" if first.quote else at)
    return said.rstrip(".") + (f", and {len(more)} more" if more else "")


def _lowest(verdict: Verdict, critique: Critique | None) -> str:
    """The criterion that is most wanting."""
    rated: list[Criterion | CriticScore] = list(verdict.criteria)
    rated += [one for one in critique.criteria if one.counts] if critique else []
    worst = min(rated, key=lambda one: one.score, default=None)
    if worst is None or worst.score >= 1:
        return ""
    return f" Lowest: {worst.name} {worst.score:.2f} ({worst.reason.rstrip('.')})."


def _changes(critique: Critique | None) -> tuple[Change, ...]:
    """What would raise it; of an item that gives orders in words alone."""
    if critique is None:
        return ()
    if not critique.orders:
        return critique.changes
    return tuple(one.model_copy(update={"options": {}}) for one in critique.changes)


def _notes(house: HouseCheck | None, critique: Critique | None) -> tuple[str, ...]:
    told = [*(house.notes if house else ()), *(critique.notes if critique else ())]
    if critique:
        told += [f"{one.name}: {one.reason}" for one in critique.criteria if not one.counts]
    return tuple(told)


def _mean(pairs: Iterable[tuple[float, float]]) -> float | None:
    """The weighted mean of pairs of score and weight; None where there is no weight."""
    given = list(pairs)
    weight = sum(weight for _, weight in given)
    return sum(score * weight for score, weight in given) / weight if weight else None


def key(name: str) -> str:
    """A criterion's name as weights have it: without case, with spaces."""
    return " ".join(name.casefold().replace("_", " ").split())
