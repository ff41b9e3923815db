"""A listing of a source, held against what is known of it, a page at a time.

What is new or changed waits to be taken; only a listing that came to its end says what was moved
and what has vanished. Size, etag and time say that an object *may* have changed: whether it has
is said by its content (utils/db/source_files.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from utils.clock import now
from utils.db.schema import File
from utils.db.session import chunks, upsert
from utils.db.source_tables import Source, SourceFile, SourceFileVersion
from utils.models.found_object import FoundObject
from utils.models.source import FileStatus

_FACTS = ("size_bytes", "etag", "modified_at")
_KNOWN = (*(getattr(SourceFile, name) for name in _FACTS), SourceFile.key, SourceFile.status,
          SourceFile.version, SourceFile.item_id, SourceFile.vanished_at)  # fmt: skip


class Place(NamedTuple):
    """A listing by its id, and the last key of it that was seen; None before the first page."""

    listing: str
    after: str | None


class Compared(NamedTuple):
    """How many objects of a page, or of a listing, are new, may have changed, and are the same."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


class Moved(NamedTuple):
    """An object that lies under another key than before."""

    before: str
    key: str


def resume(s: Session, source_id: str) -> Place:
    """Where the listing of a source goes on that was cut; else a new one from its beginning."""
    cursor = s.scalar(select(Source.cursor).where(Source.id == source_id))
    if isinstance(cursor, dict) and cursor.get("listing") and cursor.get("after"):
        return Place(str(cursor["listing"]), str(cursor["after"]))
    return Place(uuid.uuid4().hex, None)


def compare(s: Session, source_id: str, place: Place, page: Sequence[FoundObject]) -> Compared:
    """Hold a page against what is known: what is new or may have changed waits from now on."""
    found = {one.key: one for one in page}
    known = {row.key: row for row in known_objects(s, source_id, list(found))}
    new = [one for key, one in found.items() if key not in known]
    changed = [known[key] for key in known if not is_same(known[key], found[key])]
    others = {row.key for row in changed}
    same = [key for key in known if key not in others]
    _add(s, source_id, place.listing, new)
    _replace(s, source_id, place.listing, [(row, found[row.key]) for row in changed])
    for chunk in chunks(same):
        s.execute(_of(source_id, chunk).values(listing=place.listing, vanished_at=None))
    return Compared(len(new), len(changed), len(same))


def count(s: Session, source_id: str, page: Sequence[FoundObject]) -> Compared:
    """What ``compare`` would find; nothing is written."""
    found = {one.key: one for one in page}
    known = {row.key: row for row in known_objects(s, source_id, list(found))}
    same = sum(is_same(row, found[key]) for key, row in known.items())
    return Compared(len(found) - len(known), len(known) - same, same)


def known_objects(s: Session, source_id: str, keys: Sequence[str]) -> list[Row[Any]]:
    """What is known of the objects with these keys: key, facts, status, version, item."""
    return [
        row
        for chunk in chunks(keys)
        for row in s.execute(
            select(*_KNOWN).where(SourceFile.source_id == source_id, SourceFile.key.in_(chunk))
        )
    ]


def current(s: Session, source_id: str, listed: Sequence[FoundObject]) -> set[str]:
    """The keys of those objects that are still there as they were listed."""
    found = {one.key: one for one in listed}
    rows = known_objects(s, source_id, list(found))
    return {row.key for row in rows if row.vanished_at is None and is_same(row, found[row.key])}


def save_cursor(s: Session, source_id: str, place: Place | None) -> None:
    """Note where a listing goes on if it is cut now; None once it came to its end."""
    cursor = place._asdict() if place and place.after else None
    s.execute(update(Source).where(Source.id == source_id).values(cursor=cursor))


def is_same(row: Row[Any] | SourceFile, found: FoundObject) -> bool:
    """True if an object was not changed, as far as a listing tells: its etag, else its time."""
    if row.size_bytes != found.size_bytes:
        return False
    if row.etag and found.etag:
        return bool(row.etag == found.etag)
    return bool(row.modified_at == _in_utc(found.modified_at))


def moves(s: Session, source_id: str, listing: str) -> list[Moved]:
    """Rename objects that lie under another key now, unread; returns which.

    These are objects that are gone, and new ones with the same size and etag. What is known of
    them moves to the new key.
    """
    before, after = aliased(SourceFile), aliased(SourceFile)
    gone = before.listing.is_distinct_from(listing)
    if not s.scalar(select(exists().where(before.source_id == source_id, gone))):
        return []
    pairs = s.execute(
        select(before.key, after.key)
        .join(after, (after.source_id == before.source_id) & (after.etag == before.etag)
              & (after.size_bytes == before.size_bytes))
        .where(before.source_id == source_id, gone, before.item_id.is_not(None),
               before.claimed_by.is_(None), after.listing == listing, after.version == 1,
               after.item_id.is_(None), after.status == FileStatus.DISCOVERED.value)
        .order_by(before.key, after.key)
    )  # fmt: skip
    found: dict[str, str] = {}
    for old, new in pairs:
        if old not in found and new not in found.values():
            found[old] = new
    return [rename(s, source_id, old, new) for old, new in found.items()]


def rename(s: Session, source_id: str, before: str, key: str) -> Moved:
    """Have all that is known of an object stand under ``key``, whose own row is no more."""
    new = s.get_one(SourceFile, (source_id, key))
    facts = {name: getattr(new, name) for name in (*_FACTS, "listing")}
    s.delete(new)
    s.flush()
    s.execute(_of(source_id, [before]).values(key=key, vanished_at=None, **facts))
    versions = SourceFileVersion.source_id == source_id
    s.execute(delete(SourceFileVersion).where(versions, SourceFileVersion.key == key))
    s.execute(
        update(SourceFileVersion)
        .where(versions, SourceFileVersion.key == before)
        .values(key=key)
        .execution_options(synchronize_session=False)
    )
    return Moved(before, key)


def file_moved(s: Session, before: str, path: str) -> None:
    """Note that a file whose content is known lies at another path now."""
    if s.scalar(select(File.path).where(File.path == before)) is None:
        return
    s.execute(delete(File).where(File.path == path))
    moved = update(File).where(File.path == before).values(path=path)
    s.execute(moved.execution_options(synchronize_session=False))


def vanish(s: Session, source_id: str, listing: str) -> int:
    """Note which objects a listing that came to its end did not see any more; returns how many."""
    gone = s.execute(
        update(SourceFile)
        .where(
            SourceFile.source_id == source_id,
            SourceFile.listing.is_distinct_from(listing),
            SourceFile.vanished_at.is_(None),
        )
        .values(vanished_at=now())
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def remove(s: Session, source_id: str, keys: Sequence[str]) -> int:
    """Note that these objects are not there any more; returns how many were."""
    gone = 0
    for chunk in chunks(keys):
        found = _of(source_id, chunk).where(SourceFile.vanished_at.is_(None))
        gone += s.execute(found.values(vanished_at=now())).rowcount  # type: ignore[attr-defined]
    return gone


def number_there(s: Session, source_id: str) -> int:
    """How many objects a source holds, as far as is known."""
    there = (SourceFile.source_id == source_id) & SourceFile.vanished_at.is_(None)
    return s.scalar(select(func.count()).select_from(SourceFile).where(there)) or 0


def counted_since(s: Session, source_id: str, since: datetime) -> tuple[int, int]:
    """How many objects are new since a moment, and how many have another content."""
    new = (SourceFile.source_id == source_id) & (SourceFile.discovered_at >= since)
    of = SourceFileVersion.source_id == source_id
    changed = of & (SourceFileVersion.replaced_at >= since)
    return (
        s.scalar(select(func.count()).select_from(SourceFile).where(new)) or 0,
        s.scalar(select(func.count()).select_from(SourceFileVersion).where(changed)) or 0,
    )


def _add(s: Session, source_id: str, listing: str, new: Sequence[FoundObject]) -> None:
    rows = [
        {"source_id": source_id, "listing": listing, "status": FileStatus.DISCOVERED.value,
         "discovered_at": now(), "changed_at": now(), **_facts(one)}
        for one in new
    ]  # fmt: skip
    if rows:
        s.execute(upsert(s)(SourceFile).on_conflict_do_nothing(), rows)


def _replace(
    s: Session, source_id: str, listing: str, changed: Sequence[tuple[Row[Any], FoundObject]]
) -> None:
    """Keep what was read of objects as a version before; they wait to be read again."""
    if not changed:
        return
    versions = [_version(source_id, row) for row, _ in changed if row.item_id is not None]
    if versions:
        s.execute(upsert(s)(SourceFileVersion).on_conflict_do_nothing(), versions)
    statement = (
        update(SourceFile)
        .where(SourceFile.source_id == source_id, SourceFile.key == bindparam("of_key"))
        .values(
            {name: bindparam(f"new_{name}") for name in (*_FACTS, "version")}
            | {"listing": listing, "status": FileStatus.DISCOVERED.value, "tries": 0,
               "claimed_by": None, "item_id": None, "error_class": None, "error": None,
               "changed_at": now(), "vanished_at": None}
        )
    )  # fmt: skip
    s.connection().execute(
        statement,
        [
            {"of_key": row.key, "new_version": row.version + int(row.item_id is not None)}
            | {f"new_{name}": value for name, value in _facts(one).items() if name != "key"}
            for row, one in changed
        ],
    )


def _version(source_id: str, row: Row[Any]) -> dict[str, Any]:
    names = ("key", "version", "item_id", *_FACTS)
    return {"source_id": source_id, "replaced_at": now()} | {
        name: getattr(row, name) for name in names
    }


def _facts(one: FoundObject) -> dict[str, Any]:
    return one.model_dump() | {"modified_at": _in_utc(one.modified_at)}


def _in_utc(moment: datetime | None) -> datetime | None:
    """A moment with its zone; one without it is meant in UTC."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _of(source_id: str, keys: Sequence[str]) -> Any:
    of = (SourceFile.source_id == source_id, SourceFile.key.in_(keys))
    return update(SourceFile).where(*of).execution_options(synchronize_session=False)
