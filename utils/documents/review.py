"""What people decided, and whether an item may be published, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from utils.db import ledger, reviews
from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.models.approval import Approval, Critique
from utils.models.house_rules import HouseCheck


def approval(s: Session, row: Item) -> dict[str, Any] | None:
    """Whether an item may be published: by whom, why, and all that it was judged by.

    ``by`` is a person, the critic or the rules; ``machine`` is what rules and critic say, also
    where a person decided. ``requested_changes``: options that people asked for.
    """
    found = ledger.latest_result(s, row.id, "decide_approval", Approval)
    if found is None and row.approval is None and row.requested_changes is None:
        return None
    last = reviews.last_decision(s, row.id)
    holds = last is not None and (last.decision != "revise" or reviews.is_due(row, last))
    by_critic = found is not None and found.by == "critic"
    critique = _critique(s, row.id) if by_critic else None
    house = ledger.latest_result(s, row.id, "check_house_rules", HouseCheck)
    judged = found.model_dump(mode="json") if found else {}
    return {
        "status": row.approval,
        "by": "person" if holds else judged.get("by"),
        "reason": row.approval_reason,
        "score": row.approval_score,
        "band": judged.get("band"),
        "machine": judged.get("status"),
        "breaches": judged.get("breaches", []),
        "house_notes": list(house.notes) if house else [],
        "critique": critique,
        "changes": judged.get("changes", []),
        "decision": decision(last) if last is not None else None,
        "requested_changes": row.requested_changes or {},
    }


def _critique(s: Session, item_id: str) -> dict[str, Any] | None:
    found = ledger.latest_result(s, item_id, "critique_content", Critique)
    return found.model_dump(mode="json", exclude={"usage", "cost_microusd"}) if found else None


def decision(review: ReviewRow, title: str | None = None) -> dict[str, Any]:
    """A person's decision; ``title`` of its item where it does not stand beside it."""
    return {
        "review_id": review.id,
        "item_id": review.item_id,
        **({"title": title} if title is not None else {}),
        "decision": review.decision,
        "reason": review.reason,
        "changes": review.changes,
        "made_by": review.made_by,
        "made_at": review.made_at.isoformat(),
        "undone_at": review.undone_at.isoformat() if review.undone_at else None,
        "former_status": review.former_status,
        "in_words": reviews.in_words(review),
    }


def waiting(rows: Sequence[Item]) -> list[dict[str, Any]]:
    """Items that wait for a person, as lists have them."""
    return [
        {
            "item_id": row.id,
            "title": row.title,
            "kind": row.kind,
            "duration_seconds": row.duration_seconds,
            "language": row.language,
            "verdict": row.verdict,
            "score": row.approval_score if row.approval_score is not None else row.score,
            "reason": row.approval_reason,
            "summary": row.summary,
            "processed_at": row.processed_at.isoformat() if row.processed_at else None,
        }
        for row in rows
    ]
