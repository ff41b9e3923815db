"""What the rules said of items: noted with each, and asked again when the rules change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import null, select, update
from sqlalchemy.orm import Session

from utils.db.schema import Item
from utils.models.item import ItemStatus
from utils.models.rules import Decision, ItemFacts, Ruling

_PRIORITIES = {"high": 1, "normal": 0, "low": -1}
_CHUNK = 500


def note(s: Session, item_id: str, facts: ItemFacts, decision: Decision) -> None:
    """Keep what was decided of an item."""
    ruling = Ruling(facts=facts, decision=decision)
    s.execute(
        update(Item)
        .where(Item.id == item_id)
        .values(
            ruling=ruling.model_dump(mode="json"),
            priority=_PRIORITIES[decision.priority],
            queue=decision.queue,
        )
    )


def forget(s: Session, item_id: str) -> None:
    """No rules hold any more: nothing is decided of an item."""
    s.execute(
        update(Item)
        .where(Item.id == item_id, Item.ruling.is_not(None))
        .values(ruling=null(), priority=0, queue=None)
    )


def of(row: Item) -> Ruling | None:
    """What was decided of an item; None where no rules held, or an older version wrote it."""
    return read(row.ruling)


def read(document: Any) -> Ruling | None:
    """The same from what its row holds."""
    try:
        return Ruling.model_validate(document) if document else None
    except ValidationError:
        return None


def pages(s: Session, *, unruled: bool) -> Iterator[Sequence[Item]]:
    """All items that nobody works on, some at a time; ``unruled``: those that wait, new."""
    after = ""
    while True:
        query = select(Item).where(Item.id > after, Item.claimed_by.is_(None))
        if unruled:
            query = query.where(Item.status == ItemStatus.PENDING.value, Item.ruling.is_(None))
        rows = s.scalars(query.order_by(Item.id).limit(_CHUNK)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def have_done_again(row: Item) -> None:
    """Have the next shift work on an item whose rules have changed."""
    row.status = ItemStatus.PENDING.value
