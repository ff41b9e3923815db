"""Whether items may be published: what rules and critic say, under what a person decided."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.models.approval import Approval, ApprovalStatus

_BY_PERSON = {"accept": ApprovalStatus.APPROVED, "reject": ApprovalStatus.REJECTED}


def note(s: Session, found: Approval) -> None:
    """Keep what was decided of an item; a person's decision on it stands."""
    values: dict[str, float | str] = {"approval_score": found.score}
    if decided_by_person(s, found.item_id) is None:
        values |= {"approval": found.status.value, "approval_reason": found.reason}
    s.execute(update(Item).where(Item.id == found.item_id).values(values))


def decided_by_person(s: Session, item_id: str) -> ApprovalStatus | None:
    """What a person decided last of an item; None where that is nothing, or a revision."""
    last = s.scalars(
        select(ReviewRow.decision)
        .where(ReviewRow.item_id == item_id, ReviewRow.undone_at.is_(None))
        .order_by(ReviewRow.id.desc())
        .limit(1)
    ).first()
    return _BY_PERSON.get(last or "")
