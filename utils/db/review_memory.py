"""Decisions of people that hold, for those who learn from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from utils.db.review_tables import ReviewRow
from utils.db.schema import Execution, ExecutionStatus, Item
from utils.db.session import chunks
from utils.models.review import ReviewSnapshot

DECISIONS = ("accept", "reject", "revise")


class HeldReview(NamedTuple):
    """A decision that nobody took back; ``is_last``: no later one on its item holds instead."""

    review_id: int
    item_id: str
    title: str
    decision: str
    reason: str | None
    snapshot: ReviewSnapshot
    is_last: bool


def number_held(s: Session) -> int:
    """How many decisions hold."""
    return s.scalar(_held(select(func.count(ReviewRow.id)))) or 0


def held_ids(s: Session) -> set[int]:
    """The ids of the decisions that hold."""
    return set(s.scalars(_held(select(ReviewRow.id))))


def held(s: Session, ids: Sequence[int]) -> list[HeldReview]:
    """Those of some decisions that hold."""
    return [
        row for chunk in chunks(ids) for row in _read(s, _rows().where(ReviewRow.id.in_(chunk)))
    ]


def last_ones(s: Session) -> Iterator[HeldReview]:
    """The decision that holds last on each item, the oldest first."""
    return (row for row in _read(s, _rows().order_by(ReviewRow.id)) if row.is_last)


def _held(statement: Select[Any]) -> Select[Any]:
    return statement.where(ReviewRow.undone_at.is_(None), ReviewRow.decision.in_(DECISIONS))


def _rows() -> Select[Any]:
    later = aliased(ReviewRow)
    has_later = (
        select(later.id)
        .where(
            later.item_id == ReviewRow.item_id, later.id > ReviewRow.id, later.undone_at.is_(None)
        )
        .exists()
    )
    columns = (ReviewRow.id, ReviewRow.item_id, Item.title, ReviewRow.decision, ReviewRow.reason)
    statement = select(*columns, ReviewRow.snapshot, ~has_later)
    return _held(statement.join(Item, Item.id == ReviewRow.item_id))


def _read(s: Session, statement: Select[Any]) -> Iterator[HeldReview]:
    for review_id, item_id, title, decision, reason, snapshot, is_last in s.execute(statement):
        known = _snapshot(snapshot)
        yield HeldReview(review_id, item_id, title, decision, reason, known, bool(is_last))


def _snapshot(document: Any) -> ReviewSnapshot:
    """What was known; nothing, of what a version wrote whose model had other fields."""
    try:
        return ReviewSnapshot.model_validate(document or {})
    except ValidationError:
        return ReviewSnapshot()


class JudgedItem(NamedTuple):
    """The last results of the steps by which an item was approved or not, as plain JSON."""

    item_id: str
    title: str
    results: dict[str, Any]


def judged(s: Session, steps: Sequence[str]) -> Iterator[JudgedItem]:
    """The items that have an approval, with their last results of some steps."""
    wanted = select(Item.id, Item.title).where(Item.approval.is_not(None)).order_by(Item.id)
    titles = {row.id: row.title for row in s.execute(wanted)}
    for chunk in chunks(list(titles)):
        results: dict[str, dict[str, Any]] = {item_id: {} for item_id in chunk}
        rows = (
            select(Execution.item_id, Execution.step, Execution.result)
            .where(
                Execution.item_id.in_(chunk),
                Execution.step.in_(steps),
                Execution.status == ExecutionStatus.DONE,
            )
            .order_by(Execution.used_at, Execution.id)
        )
        for row in s.execute(rows):
            results[row.item_id][row.step] = row.result  # the last stays
        yield from (JudgedItem(item_id, titles[item_id], results[item_id]) for item_id in chunk)
