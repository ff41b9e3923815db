"""What other weights and thresholds would do to the items that there are; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeVar, cast

import numpy as np
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from utils.critic import calibration, snapshot, weighing
from utils.critic.weighing import Numbers
from utils.db import review_memory
from utils.models.approval import Approval, Critique
from utils.models.calibration import Calibration, ChangedItem, Thresholds
from utils.models.options import ApprovalOptions
from utils.models.review import ReviewSnapshot
from utils.models.verdict import Verdict

_STEPS = {"judge_quality": Verdict, "critique_content": Critique, "decide_approval": Approval}
Result = TypeVar("Result", bound=BaseModel)
Status = Literal["approved", "review", "rejected"]


class _Past(NamedTuple):
    item_id: str
    title: str
    known: ReviewSnapshot


def calibrate(s: Session, options: ApprovalOptions) -> Calibration:
    """A proposal from all decisions that hold, and what it would do to the items that there are."""
    decisions = list(review_memory.last_ones(s))
    found = calibration.calibrate(decisions, weighing.today(options))
    if not found.is_better:
        return found
    items = list(_items(s))
    by_person = {one.item_id: one.decision for one in decisions}
    changed = tuple(_changed(items, found.today, found.proposed, by_person))
    return found.model_copy(update={"past_items": len(items), "changed": changed})


def _items(s: Session) -> Iterator[_Past]:
    for item_id, title, results in review_memory.judged(s, list(_STEPS)):
        verdict = _read(results.get("judge_quality"), Verdict)
        critique = _read(results.get("critique_content"), Critique)
        approval = _read(results.get("decide_approval"), Approval)
        if verdict and approval:
            known = snapshot.judged(verdict, critique, approval)
            yield _Past(item_id, title, known)


def _read(result: Any, kind: type[Result]) -> Result | None:
    try:
        return kind.model_validate(result) if result else None
    except ValidationError:  # of another version
        return None


def _changed(
    past: Sequence[_Past], now: Thresholds, proposed: Thresholds, by_person: dict[str, str]
) -> Iterator[ChangedItem]:
    """The items whose status would be another, those that no person decided on first."""
    found = weighing.items([one.known for one in past])
    broken = np.array([one.known.is_barred for one in past], dtype=bool)
    before, after = _judged(found, broken, now), _judged(found, broken, proposed)
    rows = [
        ChangedItem(
            item_id=one.item_id,
            title=one.title,
            score=then[1],
            proposed_score=later[1],
            status=then[0],
            proposed_status=later[0],
            decision=cast(Any, by_person.get(one.item_id)),
        )
        for one, then, later in zip(past, before, after, strict=True)
        if then[0] != later[0]
    ]
    yield from sorted(rows, key=lambda row: (row.decision is not None, row.item_id))


def _judged(found: weighing.Items, broken: Numbers, by: Thresholds) -> list[tuple[Status, float]]:
    """The status and the score of each item by thresholds."""
    scores = weighing.scores(found, by.weights, by.rules_weight)
    approved = weighing.approved(found, by)
    rejected = broken | weighing.is_rejected(found, by.weights)
    return [
        ("rejected" if no else "approved" if yes else "review", float(score))
        for score, yes, no in zip(scores, approved, rejected, strict=True)
    ]
