"""Whether items may be published: what rules and critic say, under what a person decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

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


def judged_with(
    s: Session, steps: Sequence[str]
) -> Iterator[tuple[str, bool, dict[str, dict[str, Any]]]]:
    """Each done item that nobody works on, the oldest first: what it was judged with last.

    Yields:
        Its id, whether it has an approval, and by step what its last result was made of.
    """
    last = (
        select(Execution.item_id, Execution.step, Execution.inputs)
        .where(Execution.step.in_(steps), Execution.status == ExecutionStatus.DONE)
        .order_by(Execution.item_id, Execution.used_at, Execution.id)
        .execution_options(yield_per=1000)
    )
    made = {
        item_id: {step: inputs or {} for _, step, inputs in rows}
        for item_id, rows in groupby(s.execute(last), key=lambda row: row[0])
    }
    done = select(Item.id, Item.approval).where(
        Item.status == ItemStatus.DONE.value, Item.claimed_by.is_(None)
    )
    for item_id, approval in s.execute(done.order_by(Item.added_at, Item.id)):
        yield item_id, approval is not None, made.get(item_id, {})


def count_by_status(s: Session, item_ids: Sequence[str]) -> dict[str, int]:
    """How many of some items are approved, for review, rejected."""
    found: dict[str, int] = {}
    for chunk in chunks(item_ids):
        query = select(Item.approval, func.count()).where(Item.id.in_(chunk))
        for status, number in s.execute(query.group_by(Item.approval)):
            found[status or ""] = found.get(status or "", 0) + number
    return found
