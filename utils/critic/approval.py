"""From the verdict, the house rules and the critic's scores to: approved, review, rejected.

After the first Night Shift: publication needs a score of 0.7 and no broken house rule. Both kept:
approved. The rules alone kept: review. Else: rejected.
"""

from __future__ import annotations

from utils.models.approval import Approval, ApprovalStatus, Critique
from utils.models.house_rules import HouseCheck
from utils.models.options import ApprovalOptions
from utils.models.verdict import Band, Verdict
from utils.quality.verdict import band


def decide(
    item_id: str,
    verdict: Verdict,
    house: HouseCheck | None,
    critique: Critique | None,
    options: ApprovalOptions,
) -> Approval:
    """Whether an item may be published, and why."""
    score = verdict.score
    if critique:
        score = options.rules_weight * score + (1 - options.rules_weight) * critique.score
    breaches = (*(house.breaches if house else ()), *(critique.breaches if critique else ()))
    status = ApprovalStatus.REVIEW
    if breaches or verdict.band is Band.REJECT:
        status = ApprovalStatus.REJECTED
    elif score >= options.publish_from:
        status = ApprovalStatus.APPROVED
    return Approval(
        item_id=item_id,
        status=status,
        score=round(score, 4),
        band=Band.REJECT if verdict.band is Band.REJECT else band(score),
        by="critic" if critique else "rules",
        reason=breaches[0].reason if breaches else f"score {score:.2f}",
        breaches=breaches,
        changes=critique.changes if critique else (),
    )
