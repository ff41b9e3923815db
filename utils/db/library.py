"""The library: what is known of an item, written as a whole, read back, and filtered by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from utils.db import fulltext, listings
from utils.db.base import Base
from utils.db.fact_tables import Criterion, Keyword, Note, SeenText, Segment, Shot, Thumbnail, Track
from utils.db.item_filters import conditions as conditions  # part of what the library is
from utils.db.items import shown_status_column
from utils.db.schema import Item
from utils.db.session import rows as rows_of
from utils.db.words import clean
from utils.models.base import Frozen
from utils.models.embedding import Passage
from utils.models.record import (
    CriterionRecord,
    ItemRecord,
    NoteRecord,
    SeenTextRecord,
    SegmentRecord,
    ShotRecord,
    ThumbnailRecord,
    TrackRecord,
)
from utils.models.search import SearchFilters

# The field of a record, its table, and the model of its rows.
_PARTS: tuple[tuple[str, type[Base], type[Frozen]], ...] = (
    ("segments", Segment, SegmentRecord),
    ("notes", Note, NoteRecord),
    ("texts", SeenText, SeenTextRecord),
    ("shots", Shot, ShotRecord),
    ("thumbnails", Thumbnail, ThumbnailRecord),
    ("criteria", Criterion, CriterionRecord),
    ("tracks", Track, TrackRecord),
)
_HANGING = {"keywords", "description", *(field for field, _, _ in _PARTS)}


def save(s: Session, record: ItemRecord, passages: Sequence[Passage]) -> None:
    """Make ``record`` all that is known of an item, and its ``passages`` findable by their words.

    Every row of the item is written anew in the caller's transaction, so a rerun with fewer
    segments leaves none behind. Only where a still was published outlives the rewriting, as
    long as the still does.
    """
    plain = record.model_dump(exclude={"item_id", "captured_at", *_HANGING})
    values = {name: _storable(value) for name, value in plain.items()} | _moment(record)
    s.execute(update(Item).where(Item.id == record.item_id).values(**values))
    urls = _published(s, record.item_id)
    for field, table, _ in _PARTS:
        rows = [part.model_dump() for part in getattr(record, field)]
        _replace(s, table, record.item_id, rows)
    _replace(s, Keyword, record.item_id, [{"word": word} for word in record.keywords])
    kept = {still.path: urls[str(still.path)] for still in record.thumbnails
            if still.url is None and str(still.path) in urls}  # fmt: skip
    note_urls(s, record.item_id, kept)
    fulltext.replace(s, record.item_id, passages)


def load(s: Session, item_id: str, without: Collection[str] = ()) -> ItemRecord:
    """What is known of an item, as it was saved; ``without`` parts that nobody wants."""
    item = s.get_one(Item, item_id)
    hanging: dict[str, Any] = {}
    for field, table, model in _PARTS:
        if field in without:
            continue
        rows = rows_of(s, _rows(table, tuple(model.model_fields)), item_id=item_id)
        hanging[field] = tuple(model.model_validate(row._asdict()) for row in rows)
    if "keywords" not in without:
        words = rows_of(s, _rows(Keyword, ("word",)), item_id=item_id)
        hanging["keywords"] = tuple(words.scalars())
    listing = None if "description" in without else listings.of(s, item_id)
    hanging["description"] = listing.description if listing else None
    plain = set(ItemRecord.model_fields) - _HANGING - {"item_id", "captured_at"}
    return ItemRecord(
        item_id=item_id,
        captured_at=_local(item.captured_at, item.captured_at_offset_minutes),
        **{name: getattr(item, name) for name in plain},
        **hanging,
    )


def make_due(s: Session, item_id: str) -> bool:
    """Have the next run look at an item that is done; False if it was never processed."""
    item = s.get_one(Item, item_id)
    if item.processed_at is None:
        return False
    item.done_key = None
    s.flush()
    return True


def note_urls(s: Session, item_id: str, urls: Mapping[Path, str]) -> None:
    """Note where stills of an item were published, by their paths."""
    for path, url in urls.items():
        s.execute(
            update(Thumbnail)
            .where(Thumbnail.item_id == item_id, Thumbnail.path == _storable(path))
            .values(url=clean(url))
        )


def newest_first() -> Sequence[ColumnElement[Any]]:
    """The order of lists: by the moment of capture, else of arrival."""
    return (func.coalesce(Item.captured_at, Item.added_at).desc(), Item.id.asc())


def newest(
    s: Session, filters: SearchFilters, status: str | None, limit: int, offset: int = 0
) -> Sequence[Item]:
    """Items that pass, the newest arrivals first; ``status`` as people are shown it."""
    query = select(Item).where(*listed(filters, status))
    order = (Item.added_at.desc(), Item.id)
    return s.scalars(query.order_by(*order).offset(offset).limit(limit)).all()


def count(s: Session, filters: SearchFilters, status: str | None) -> int:
    """How many items pass."""
    query = select(func.count()).select_from(Item).where(*listed(filters, status))
    return s.scalar(query) or 0


def listed(filters: SearchFilters, status: str | None) -> list[ColumnElement[bool]]:
    """What a row of a list must be; ``status`` as people are shown it."""
    return conditions(filters) + ([shown_status_column() == status] if status else [])


def processed(s: Session) -> Sequence[str]:
    """The ids of all items that were processed, oldest first."""
    done = select(Item.id).where(Item.processed_at.is_not(None))
    return s.scalars(done.order_by(Item.added_at)).all()


def passing(filters: SearchFilters) -> Select[tuple[str]]:
    """The ids of all items that pass, as a query."""
    return select(Item.id).where(*conditions(filters))


def latest_captured(
    s: Session, filters: SearchFilters, limit: int, offset: int = 0
) -> Sequence[Item]:
    """Items that pass, by the moment of capture, else of arrival; the latest first."""
    query = select(Item).where(*conditions(filters)).order_by(*newest_first())
    return s.scalars(query.offset(offset).limit(limit)).all()


@cache
def _rows(table: Any, names: tuple[str, ...]) -> Select[Any]:
    """The rows of an item in a table: made once, as making it takes longer than executing it."""
    order = (table.kind, table.number) if table is Track else (table.number,)
    of_item = table.item_id == bindparam("item_id")
    return select(*(getattr(table, name) for name in names)).where(of_item).order_by(*order)


def _replace(s: Session, table: Any, item_id: str, rows: list[dict[str, Any]]) -> None:
    s.execute(delete(table).where(table.item_id == item_id))
    if rows:
        s.execute(
            insert(table),
            [
                {"item_id": item_id, "number": number}
                | {name: _storable(value) for name, value in row.items()}
                for number, row in enumerate(rows)
            ],
        )


def _published(s: Session, item_id: str) -> dict[str, str]:
    rows = s.execute(
        select(Thumbnail.path, Thumbnail.url).where(
            Thumbnail.item_id == item_id, Thumbnail.url.is_not(None)
        )
    )
    return {path: url for path, url in rows if url}


def _storable(value: Any) -> Any:
    if isinstance(value, Path):
        value = str(value)
    return clean(value) if isinstance(value, str) else value


def _moment(record: ItemRecord) -> dict[str, Any]:
    """The moment of capture in UTC and its distance to it.

    A clock without a time zone is kept as if it showed UTC, with no distance. What no calendar
    holds in UTC (the first day of the year 1 east of Greenwich) is unknown.
    """
    moment = record.captured_at
    if moment is None:
        return {"captured_at": None, "captured_at_offset_minutes": None}
    offset = moment.utcoffset()
    try:
        in_utc = moment.replace(tzinfo=UTC) if offset is None else moment.astimezone(UTC)
    except OverflowError:
        return {"captured_at": None, "captured_at_offset_minutes": None}
    minutes = None if offset is None else round(offset.total_seconds() / 60)
    return {"captured_at": in_utc, "captured_at_offset_minutes": minutes}


def _local(moment: datetime | None, offset_minutes: int | None) -> datetime | None:
    if moment is None:
        return None
    if offset_minutes is None:
        return moment.astimezone(UTC).replace(tzinfo=None)
    return moment.astimezone(timezone(timedelta(minutes=offset_minutes)))
