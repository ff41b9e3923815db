"""Which items may be published, where they are, and what lies there and should not be so."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from utils.db.publication_tables import PublicationRow as Row
from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.db.session import chunks
from utils.models.item import ItemStatus

# ``deferred`` lacks only what did not fit a ceiling of costs.
_WHOLE = (ItemStatus.DONE.value, ItemStatus.DEFERRED.value)
_AT_WORK = (*_WHOLE, ItemStatus.PENDING.value)  # it will be done soon: what lies there is no flaw


class ItemState(NamedTuple):
    """How an item stands: its approval and the reason, what became of it and why.

    ``approval`` is None where nobody has judged.
    """

    approval: str | None
    reason: str
    status: str
    error: str

    @property
    def is_whole(self) -> bool:
        """True if the item was worked on to its end."""
        return self.status in _WHOLE


class Flawed(NamedTuple):
    """What lies at a target, as far as its flaws are named by it."""

    id: int
    item_id: str
    title: str
    target: str
    address: str
    flaws: Sequence[str]


_FLAWED = (Row.id, Row.item_id, Row.title, Row.target, Row.address, Row.flaws)


def is_publishable() -> ColumnElement[bool]:
    """The condition of an item that may be published."""
    return (Item.approval == "approved") & Item.status.in_(_WHOLE)


def page(
    s: Session, after: str, limit: int, item_ids: Sequence[str] | None = None
) -> tuple[Sequence[Item], str | None]:
    """Items that may be published, by their ids, and where the next page begins (None: nowhere).

    Args:
        s: The database.
        after: Those with greater ids.
        limit: So many ids at most.
        item_ids: These items alone, in the order of their ids.
    """
    query = select(Item).where(is_publishable(), Item.id > after).order_by(Item.id)
    if item_ids is None:
        rows = s.scalars(query.limit(limit)).all()
        return rows, rows[-1].id if len(rows) == limit else None
    start = bisect_right(item_ids, after)
    some = item_ids[start : start + limit]
    rows = s.scalars(query.where(Item.id.in_(some))).all()
    return rows, some[-1] if len(some) == limit else None


class Place(NamedTuple):
    """What tells whether an item lies at a target as it should."""

    status: str
    target_key: str | None
    compared_at: datetime | None


def places(s: Session, item_ids: Collection[str]) -> dict[tuple[str, str], Place]:
    """The publications of items by item and target."""
    found = {}
    for chunk in chunks(list(item_ids)):
        query = select(Row.item_id, Row.target, Row.status, Row.target_key, Row.compared_at)
        for item_id, target, *facts in s.execute(query.where(Row.item_id.in_(chunk))):
            found[item_id, target] = Place(*facts)
    return found


def item_states(s: Session, item_ids: Collection[str]) -> Mapping[str, ItemState]:
    """How items stand, by id."""
    found: dict[str, ItemState] = {}
    for chunk in chunks(list(item_ids)):
        query = select(Item.id, Item.approval, Item.approval_reason, Item.status, Item.error).where(
            Item.id.in_(chunk)
        )
        for item_id, approval, reason, status, error in s.execute(query):
            found[item_id] = ItemState(approval, reason or "", status, error or "")
    return found


def disapproved(
    s: Session, ids: Collection[int] | None = None
) -> Iterable[tuple[Flawed, ItemState | None]]:
    """What lies somewhere of an item that may not be published now; None: it was forgotten.

    What a person forced is no flaw: it was not approved then, either.
    """
    how = (Item.approval, Item.approval_reason, Item.status, Item.error)
    query = (
        select(*_FLAWED, *how)
        .outerjoin(Item, Item.id == Row.item_id)
        .where(
            Row.address.is_not(None),
            or_(
                Item.id.is_(None),
                Row.forced.is_(None)
                & or_(
                    func.coalesce(Item.approval, "") != "approved",
                    Item.status.not_in(_AT_WORK),
                ),
            ),
        )
    )
    for row in _rows(s, query, ids):
        approval, reason, status, error = row[len(_FLAWED) :]
        known = ItemState(approval, reason or "", status, error or "") if status else None
        yield Flawed(*row[: len(_FLAWED)]), known


def changed(s: Session, ids: Collection[int] | None = None) -> Iterable[Flawed]:
    """What lies somewhere of items that were worked on since it was last compared."""
    query = (
        select(*_FLAWED)
        .join(Item, Item.id == Row.item_id)
        .where(Row.address.is_not(None), Item.processed_at > Row.compared_at)
    )
    return (Flawed(*row) for row in _rows(s, query, ids))


def damaged(s: Session, ids: Collection[int] | None = None) -> Iterable[Flawed]:
    """What was not whole when it was last looked at where it lies."""
    query = select(*_FLAWED).where(Row.address.is_not(None), cast(Row.flaws, Text) != "[]")
    return (Flawed(*row) for row in _rows(s, query, ids))


def _rows(s: Session, query: Select[Any], ids: Collection[int] | None) -> Iterator[Any]:
    """The rows by their numbers; of these publications alone, if they are given."""
    query = query.order_by(Row.id)
    if ids is None:
        yield from s.execute(query)
        return
    for chunk in chunks(sorted(ids)):
        yield from s.execute(query.where(Row.id.in_(chunk)))


def rejected_since(s: Session, item_id: str, moment: datetime | None) -> bool:
    """True if a person rejected an item after a moment, and this is what holds."""
    query = select(ReviewRow.decision, ReviewRow.made_at).where(
        ReviewRow.item_id == item_id, ReviewRow.undone_at.is_(None)
    )
    last = s.execute(query.order_by(ReviewRow.id.desc()).limit(1)).first()
    return bool(last and moment and last.decision == "reject" and last.made_at > moment)
