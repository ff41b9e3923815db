"""Pages of long lists by key: each begins behind the last row of the one before.

What is added meanwhile moves no row to another page, and the last page costs what the first does:
each order has an index (migration 0023).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, literal_column, select, tuple_
from sqlalchemy.orm import Session

from utils.db.library import listed
from utils.db.schema import Item, Run
from utils.models.pages import CursorError, Place
from utils.models.search import SearchFilters

# As the indexes have them; what is unknown is shorter than all. Of a title 200 characters count.
_EXPRESSIONS: dict[str, ColumnElement[Any]] = {
    "added": Item.added_at.expression,
    "captured": func.coalesce(Item.captured_at, Item.added_at, type_=Item.added_at.type),
    "title": func.lower(func.substr(Item.title, literal_column("1"), literal_column("200"))),
    "duration": func.coalesce(Item.duration_seconds, literal_column("-1")),
    "size": Item.size_bytes.expression,
}
_TIMES = ("added", "captured")
# What lists say of an item (utils/documents/item.py): a row of these costs a fifth of an entity.
_LISTED = (
    Item.id, Item.kind, Item.title, Item.status, Item.claimed_by, Item.size_bytes,
    Item.duration_seconds, Item.language, Item.verdict, Item.score, Item.summary, Item.source_url,
    Item.tries, Item.error_class, Item.error, Item.lacks, Item.added_at, Item.processed_at,
)  # fmt: skip


def items(
    s: Session,
    filters: SearchFilters,
    status: str | None,
    sort: str,
    limit: int,
    after: Place | None = None,
) -> tuple[Sequence[Row[Any]], Place | None]:
    """Up to ``limit`` items that pass, and where the next page begins; None behind the last.

    Args:
        s: The session.
        filters: What an item must be.
        status: As people are shown it; None for any.
        sort: added, captured, title, duration or size; with ``-`` the highest first.
        limit: Rows of a page.
        after: Where it begins.

    Raises:
        CursorError: ``after`` is no place in this order.
    """
    name = sort.removeprefix("-")
    key = _EXPRESSIONS[name]
    query = select(*_LISTED, key.label("place")).where(*listed(filters, status))
    query = _ordered(query, (key, Item.id), sort.startswith("-"))
    if after is not None:
        query = query.where(_behind((key, Item.id), name in _TIMES, after, sort.startswith("-")))
    rows = s.execute(query.limit(limit + 1)).all()
    return rows[:limit], _next(rows, limit)


def run_ids(
    s: Session, limit: int, after: Place | None = None
) -> tuple[Sequence[str], Place | None]:
    """Up to ``limit`` runs, the latest first, and where the next page begins."""
    key = (Run.started_at.expression, Run.id)
    query = _ordered(select(Run.id, Run.started_at.label("place")), key, falls=True)
    if after is not None:
        query = query.where(_behind(key, True, after, falls=True))
    rows = s.execute(query.limit(limit + 1)).all()
    return [row.id for row in rows[:limit]], _next(rows, limit)


def _ordered(query: Select[Any], key: Sequence[Any], falls: bool) -> Select[Any]:
    return query.order_by(*(part.desc() if falls else part.asc() for part in key))


def _behind(
    key: tuple[Any, Any], is_time: bool, after: Place, falls: bool
) -> ColumnElement[bool]:
    """True for rows behind a place."""
    value: Any = after.value
    if is_time:
        value = _time(value)
    elif isinstance(value, str) != (key[0] is _EXPRESSIONS["title"]):
        raise CursorError("The cursor is none of ours: begin again without one.")
    place = tuple_(literal(value, key[0].type), literal(after.row_id, key[1].type))
    return tuple_(*key) < place if falls else tuple_(*key) > place


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError) as error:
        raise CursorError("The cursor is none of ours: begin again without one.") from error


def _next(rows: Sequence[Any], limit: int) -> Place | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    value = last.place.isoformat() if isinstance(last.place, datetime) else last.place
    return Place(value, last.id)
