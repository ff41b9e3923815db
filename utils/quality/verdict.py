"""The verdict: criteria weighed into one score, and the band of that score."""

from __future__ import annotations

from collections.abc import Iterable

from utils.models.verdict import Band, Criterion, Verdict

# Lower bounds, from the MARS score of the first Night Shift: publication needs accept.
BANDS = ((0.9, Band.APPROVE), (0.7, Band.ACCEPT), (0.5, Band.REVISE), (0.0, Band.REJECT))


def decide(criteria: Iterable[Criterion]) -> Verdict:
    """The verdict on an item: the weighted mean, or reject where a must-criterion fails."""
    judged = tuple(criteria)
    weight = sum(criterion.weight for criterion in judged)
    score = sum(criterion.score * criterion.weight for criterion in judged) / weight
    failed = any(criterion.failed for criterion in judged)
    return Verdict(
        band=Band.REJECT if failed else band(score), score=round(score, 4), criteria=judged
    )


def band(score: float) -> Band:
    """reject < 0.5 ≤ revise < 0.7 ≤ accept < 0.9 ≤ approve."""
    return next(name for least, name in BANDS if score >= least)
