"""Whether items may be published: what rules and critic say, under what a person decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from utils.db.review_tables import ReviewRow
from utils.db.schema import Execution, ExecutionStatus, Item
from utils.db.session import chunks
from utils.models.approval import Approval, ApprovalStatus
from utils.models.item import ItemStatus

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


class JudgedItem(NamedTuple):
    """An item with its approval: by step what its last result was made of."""

    item_id: str
    is_judged: bool
    made: Mapping[str, Mapping[str, Any]]
    ruling: Any
    requested: Mapping[str, Any]


def judged_with(s: Session, steps: Sequence[str]) -> Iterator[JudgedItem]:
    """Each done item that nobody works on: those that never were judged, then the longest ago.

    Of the same time the oldest item first. So what is due again and again keeps no others waiting.
    """
    last = (
        select(Execution.item_id, Execution.step, Execution.inputs, Execution.used_at)
        .where(Execution.step.in_(steps), Execution.status == ExecutionStatus.DONE)
        .order_by(Execution.item_id, Execution.used_at, Execution.id)
        .execution_options(yield_per=1000)
    )
    made: dict[str, dict[str, Any]] = {}
    used: dict[str, float] = {}
    for item_id, step, inputs, used_at in s.execute(last):
        made.setdefault(item_id, {})[step] = inputs or {}
        used[item_id] = max(used.get(item_id, 0.0), used_at.timestamp() if used_at else 0.0)
    done = select(Item.id, Item.approval, Item.ruling, Item.requested_changes).where(
        Item.status == ItemStatus.DONE.value, Item.claimed_by.is_(None)
    )
    rows = s.execute(done.order_by(Item.added_at, Item.id)).all()
    for row in sorted(rows, key=lambda row: used.get(row.id, 0.0) if row.approval else 0.0):
        yield JudgedItem(
            row.id, row.approval is not None, made.get(row.id, {}), row.ruling,
            row.requested_changes or {},
        )  # fmt: skip


def count_by_status(s: Session, item_ids: Sequence[str]) -> dict[str, int]:
    """How many of some items are approved, for review, rejected."""
    found: dict[str, int] = {}
    for chunk in chunks(item_ids):
        query = select(Item.approval, func.count()).where(Item.id.in_(chunk))
        for status, number in s.execute(query.group_by(Item.approval)):
            found[status or ""] = found.get(status or "", 0) + number
    return found
