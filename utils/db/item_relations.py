"""Which tables have rows of an item, asked at once.

Most items have rows in few of them, and asking ten tables takes ten times as long.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from utils.db.fact_tables import (
    Criterion,
    Keyword,
    ListingRow,
    Note,
    SeenText,
    Shot,
    Thumbnail,
    Track,
)
from utils.db.schema import DuplicatePair
from utils.db.session import rows
from utils.db.speech_tables import CorrectionRow
from utils.db.work_tables import WorkLinkRow

_ID: BindParameter[str] = bindparam("item_id")
_BY_ITEM: dict[str, Any] = {
    "notes": Note, "texts": SeenText, "shots": Shot, "thumbnails": Thumbnail,
    "criteria": Criterion, "tracks": Track, "keywords": Keyword, "description": ListingRow,
    "correction": CorrectionRow,
}  # fmt: skip
_BY_PAIR: dict[str, Any] = {"duplicates": DuplicatePair, "work": WorkLinkRow}
KINDS = frozenset({*_BY_ITEM, *_BY_PAIR})


def _has(table: Any) -> ColumnElement[bool]:
    first, second = exists().where(table.first_id == _ID), exists().where(table.second_id == _ID)
    return or_(first, second)


_ASKED = select(
    *(exists().where(table.item_id == _ID).label(name) for name, table in _BY_ITEM.items()),
    *(_has(table).label(name) for name, table in _BY_PAIR.items()),
)


def related_to(s: Session, item_id: str) -> frozenset[str]:
    """The names of what there is, of ``KINDS``."""
    (row,) = rows(s, _ASKED, item_id=item_id)
    return frozenset(name for name, is_there in row._mapping.items() if is_there)
