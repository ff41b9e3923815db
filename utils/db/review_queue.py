"""What waits for a person, as a page shows it: some of it around one item, and how much it is.

What waits longest comes first. A place in the queue is the moment of the last run and the item's
id, so that a window is found without counting what stands before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from utils.db import reviews
from utils.db.schema import Item
from utils.errors import PermanentError
from utils.models.sanitize import visible
from utils.models.search import SearchFilters

_COLUMNS = (
    Item.id, Item.title, Item.kind, Item.duration_seconds, Item.language, Item.verdict,
    Item.approval, Item.approval_score, Item.approval_reason, Item.processed_at, Item.status,
    Item.claimed_by,
)  # fmt: skip


class QueueRow(NamedTuple):
    """One item of the queue; ``waits`` is False for one that was asked for and waits not."""

    item_id: str
    title: str
    kind: str
    duration_seconds: float | None
    language: str | None
    verdict: str | None
    approval: str | None
    score: float | None
    reason: str | None
    waits: bool


def around(
    s: Session, filters: SearchFilters, item_id: str | None, before: int, after: int
) -> list[QueueRow]:
    """Some of what waits: ``before`` an item and ``after`` it, itself included if it waits.

    Without an item, or with one that nobody has worked on, the beginning.
    """
    waits = reviews.waits(filters)
    at = s.execute(select(Item.processed_at, Item.id).where(Item.id == item_id)).first()
    if at is None or at.processed_at is None:
        return _rows(s, select(*_COLUMNS).where(*waits).order_by(*_forward()).limit(after))
    here = and_(Item.processed_at == at.processed_at, Item.id >= at.id)
    later = select(*_COLUMNS).where(*waits, or_(Item.processed_at > at.processed_at, here))
    behind = and_(Item.processed_at == at.processed_at, Item.id < at.id)
    earlier = select(*_COLUMNS).where(*waits, or_(Item.processed_at < at.processed_at, behind))
    backward = (Item.processed_at.desc(), Item.id.desc())
    first = _rows(s, earlier.order_by(*backward).limit(before))
    return [*reversed(first), *_rows(s, later.order_by(*_forward()).limit(after))]


def chosen(s: Session, item_ids: Sequence[str]) -> list[QueueRow]:
    """These items in this order, those that are there; also such as wait not."""
    found = _rows(s, select(*_COLUMNS).where(Item.id.in_(item_ids)))
    by_id = {row.item_id: row for row in found}
    return [by_id[one] for one in dict.fromkeys(item_ids) if one in by_id]


def stand(s: Session, item: Item) -> str:
    """What a decision on an item is made by, as a short text: its last run and last decision."""
    last = reviews.last_decision(s, item.id)
    at = item.processed_at
    return f"{last.id if last else 0}.{int(at.timestamp() * 1e6) if at else 0}"


def require_stand(s: Session, item: Item, seen: str) -> None:
    """Refuse what is decided of an item that is no longer as the person saw it (`stand`).

    Raises:
        PermanentError: somebody decided of it, or it was done again; says which.
    """
    if stand(s, item) == seen:
        return
    last = reviews.last_decision(s, item.id)
    what = "worked on, or a decision on it undone,"
    if last is not None and seen.partition(".")[0] != str(last.id):
        what = visible(reviews.in_words(last))
    raise PermanentError(
        f"{visible(item.title)} was {what} since you opened it. Nothing was changed: look at it "
        "again."
    )


def _forward() -> tuple[Any, ...]:
    return (Item.processed_at, Item.id)


def _rows(s: Session, query: Any) -> list[QueueRow]:
    return [
        QueueRow(
            row.id,
            row.title,
            row.kind,
            row.duration_seconds,
            row.language,
            row.verdict,
            row.approval,
            row.approval_score,
            row.approval_reason,
            reviews.is_waiting(row),
        )
        for row in s.execute(query)
    ]
