"""Pages of long lists by key: each begins behind the last row of the one before.

What is added meanwhile moves no row to another page, and the last page costs what the first does:
each order has an index (migrations 0023 and 0036).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import Session

from utils.db import facets
from utils.db.base import IsoTime
from utils.db.item_filters import scanned
from utils.db.item_rows import COLUMNS, ItemRow
from utils.db.items import shown_status_column
from utils.db.library import listed
from utils.db.schema import Execution, File, Item, Run
from utils.db.session import rows as rows_of
from utils.db.work_tables import WorkLinkRow
from utils.models.pages import CursorError, Place
from utils.models.rendition import COMPRESSIONS
from utils.models.search import SearchFilters

TITLE = func.lower(func.substr(Item.title, literal_column("1"), literal_column("200")))
# As the indexes have them; what is unknown is shorter than all. Of a title 200 characters count.
_EXPRESSIONS: dict[str, ColumnElement[Any]] = {
    "added": Item.added_at.expression,
    "captured": func.coalesce(Item.captured_at, Item.added_at, type_=Item.added_at.type),
    "title": TITLE,
    "duration": func.coalesce(Item.duration_seconds, literal_column("-1")),
    "size": Item.size_bytes.expression,
    "score": func.coalesce(Item.score, literal_column("-1")),
}
_FEW = 3_000  # items: of 100,000 each 33rd, 61 of which 2,000 rows have; measured
_TIMES = ("added", "captured")
# What a row's place is; those in _OWN are columns that lists have anyway.
_OWN = ("added", "duration", "size", "score")
_PLACES: dict[str, Callable[[Any], Any]] = {
    "added": lambda row: row.added_at,
    "captured": lambda row: row.place,
    "title": lambda row: row.place,
    "duration": lambda row: -1 if row.duration_seconds is None else row.duration_seconds,
    "size": lambda row: row.size_bytes,
    "score": lambda row: -1 if row.score is None else row.score,
}
# What lists say of an item, named as they name it (utils/documents/item.py), in one statement:
# also where it lies, the last result of an encoding (by the index of those; literals, or SQLite
# does not see it), and whether it is a part of something.
_ENCODINGS: list[ColumnElement[str]] = [literal_column(f"'{step}'") for step in COMPRESSIONS]
PATH = (
    select(File.path).where(File.item_id == Item.id).order_by(File.seen_at).limit(1)
    .correlate(Item).scalar_subquery().label("path")
)  # fmt: skip
ENCODING = (
    select(Execution.result)
    .where(Execution.item_id == Item.id, Execution.step.in_(_ENCODINGS),
           Execution.status == literal_column("'done'"))
    .order_by(Execution.used_at.desc(), Execution.id.desc()).limit(1)
    .correlate(Item).scalar_subquery().label("encoding")
)  # fmt: skip
_LISTED = (
    Item.id.label("item_id"), Item.title, Item.kind, shown_status_column().label("status"),
    Item.size_bytes, Item.duration_seconds, Item.language, Item.verdict, Item.score,
    Item.approval, Item.approval_score, Item.approval_reason, Item.summary,
    Item.source_url, Item.tries, Item.error_class, Item.error,
    Item.lacks,
    type_coerce(Item.added_at, IsoTime).label("added_at"),
    type_coerce(Item.processed_at, IsoTime).label("processed_at"),
    PATH,
    ENCODING,
    or_(exists().where(WorkLinkRow.first_id == Item.id),
        exists().where(WorkLinkRow.second_id == Item.id)).label("is_part"),
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
        sort: added, captured, title, duration, size or score; with ``-`` the highest first.
        limit: Rows of a page.
        after: Where it begins.

    Raises:
        CursorError: ``after`` is no place in this order.
    """
    values: dict[str, Any] = {}
    if after is not None:
        values = {"value": _value(sort, after.value), "row_id": after.row_id}
    query = _page(filters, status, sort, limit, after is not None)
    rows = rows_of(s, query, **values).all()
    return rows[:limit], _next(rows, limit, _PLACES[sort.removeprefix("-")])


@lru_cache(maxsize=256)
def _page(
    filters: SearchFilters, status: str | None, sort: str, limit: int, is_behind: bool
) -> Select[Any]:
    """The statement; making it and its key in SQLAlchemy's cache takes as long as executing it."""
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    key = (_EXPRESSIONS[name], Item.id)
    extra = () if name in _OWN else (key[0].label("place"),)
    query = _ordered(select(*_LISTED, *extra).where(*listed(filters, status)), key, falls)
    if is_behind:
        query = query.where(_behind(key, falls))
    return query.limit(limit + 1)


class Window(NamedTuple):
    """Which part of a list is wanted: up to ``limit`` items behind ``at``.

    With ``is_before`` the last ones up to it, that row included.
    """

    sort: str
    limit: int
    at: Place | None = None
    is_before: bool = False


def tiles(
    s: Session, filters: SearchFilters, wanted: Window, number: int | None = None
) -> tuple[list[ItemRow], Place | None]:
    """The same of what grids show, in the order of the list.

    Where few items pass, they are looked for first and sorted then; else the index of the order
    soon has enough of them. ``number``: how many pass, where that is known.

    Returns:
        The items, and where the list goes on in that direction.

    Raises:
        CursorError: ``wanted.at`` is no place in this order.
    """
    at = wanted.at
    values = {} if at is None else {"value": _value(wanted.sort, at.value), "row_id": at.row_id}
    if number is None and not filters.is_empty:
        number = facets.count(s, filters, _FEW)
    is_few = number is not None and number < _FEW and not filters.is_empty
    query = _tiles(filters, wanted._replace(at=None), at is not None, is_few)
    rows = rows_of(s, query, **values).all()
    shown = [ItemRow(*row[:-1]) for row in rows[: wanted.limit]]
    if wanted.is_before:
        return shown[::-1], _place(rows[wanted.limit]) if len(rows) > wanted.limit else None
    return shown, _place(rows[wanted.limit - 1]) if len(rows) > wanted.limit else None


def _place(row: Any) -> Place:
    value = row.place
    return Place(value.isoformat() if isinstance(value, datetime) else value, row.id)


@lru_cache(maxsize=256)
def _tiles(filters: SearchFilters, wanted: Window, is_behind: bool, is_few: bool) -> Select[Any]:
    name, falls = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
    key = (_EXPRESSIONS[name], Item.id)
    passing = scanned(filters)
    if is_few:
        passing = [Item.id.in_(select(Item.id).where(*passing))]
    query = select(*COLUMNS, key[0].label("place")).where(*passing)
    query = _ordered(query, key, falls != wanted.is_before)
    if is_behind:
        query = query.where(_behind(key, falls != wanted.is_before, wanted.is_before))
    return query.limit(wanted.limit + 1)


def neighbours(
    s: Session, filters: SearchFilters, sort: str, item_id: str
) -> tuple[str | None, str | None]:
    """The items before and behind one in a list, by its place in it; None at the ends."""
    falls = sort.startswith("-")
    place = _EXPRESSIONS[sort.removeprefix("-")].label("place")
    row = s.execute(select(Item.id, place).where(Item.id == item_id)).first()
    if row is None:
        return None, None
    backwards = sort.removeprefix("-") if falls else f"-{sort}"
    found = [tiles(s, filters, Window(one, 1, _place(row)))[0] for one in (backwards, sort)]
    before, behind = (rows[0].id if rows else None for rows in found)
    return before, behind


def run_ids(
    s: Session, limit: int, after: Place | None = None
) -> tuple[Sequence[str], Place | None]:
    """Up to ``limit`` runs, the latest first, and where the next page begins."""
    key, values = (Run.started_at.expression, Run.id), {}
    query = _ordered(select(Run.id, Run.started_at.label("place")), key, falls=True)
    if after is not None:
        values = {"value": _time(after.value), "row_id": after.row_id}
        query = query.where(_behind(key, falls=True))
    rows = s.execute(query.limit(limit + 1), values).all()
    return [row.id for row in rows[:limit]], _next(rows, limit, lambda row: row.place)


def _ordered(query: Select[Any], key: Sequence[Any], falls: bool) -> Select[Any]:
    return query.order_by(*(part.desc() if falls else part.asc() for part in key))


def _behind(key: tuple[Any, Any], falls: bool, with_it: bool = False) -> ColumnElement[bool]:
    """True for rows behind a place, which is given with the statement; or for that row, too."""
    place = tuple_(bindparam("value", type_=key[0].type), bindparam("row_id", type_=key[1].type))
    row = tuple_(*key)
    if with_it:
        return row <= place if falls else row >= place
    return row < place if falls else row > place


def _value(sort: str, value: Any) -> Any:
    """What a cursor holds, as the database has it."""
    name = sort.removeprefix("-")
    if name in _TIMES:
        return _time(value)
    if isinstance(value, str) != (name == "title"):
        raise CursorError("The cursor is none of ours: begin again without one.")
    return value


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise CursorError("The cursor is none of ours: begin again without one.") from error


def _next(rows: Sequence[Any], limit: int, value_of: Callable[[Any], Any]) -> Place | None:
    if len(rows) <= limit:
        return None
    last, value = rows[limit - 1], value_of(rows[limit - 1])
    return Place(value.isoformat() if isinstance(value, datetime) else value, last[0])
