"""What grids and lists show of items, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from utils.db.item_pictures import has_picture
from utils.db.items import shown_status_column
from utils.db.schema import Item
from utils.db.session import chunks
from utils.db.session import rows as rows_of


class ItemRow(NamedTuple):
    """An item as grids and lists show it.

    ``status`` as people are shown it; ``captured_at`` is None where nothing says it; ``lacks``:
    what it is without though it is done; ``width`` and ``height`` in pixels.
    """

    id: str
    title: str
    kind: str
    duration_seconds: float | None
    captured_at: datetime | None
    added_at: datetime
    language: str | None
    status: str
    verdict: str | None
    score: float | None
    approval: str | None
    size_bytes: int
    width: int | None
    height: int | None
    has_picture: bool
    lacks: Any


COLUMNS = (
    Item.id, Item.title, Item.kind, Item.duration_seconds, Item.captured_at, Item.added_at,
    Item.language, shown_status_column().label("status"), Item.verdict, Item.score, Item.approval,
    Item.size_bytes, Item.width, Item.height, has_picture().label("has_picture"), Item.lacks,
)  # fmt: skip
_ROWS = select(*COLUMNS).where(Item.id.in_(bindparam("ids", expanding=True)))


def of(s: Session, item_ids: Sequence[str]) -> dict[str, ItemRow]:
    """Items by their ids; those that there are no more are left out."""
    return {
        row.id: ItemRow(*row)
        for chunk in chunks(list(item_ids))
        for row in rows_of(s, _ROWS, ids=list(chunk))
    }
