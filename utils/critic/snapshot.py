"""What is known of an item when a person decides on it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from utils.db.schema import Item
from utils.models.approval import ApprovalStatus
from utils.models.review import ReviewSnapshot


def of(s: Session, item_id: str) -> ReviewSnapshot:
    """What is known of an item now."""
    item = s.get_one(Item, item_id)
    return ReviewSnapshot(
        title=item.title,
        verdict_score=item.score,
        approval_score=item.approval_score,
        approval_status=ApprovalStatus(item.approval) if item.approval else None,
        text=item.summary or "",
    )
