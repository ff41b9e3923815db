"""What became of the objects of sources: claimed with their items, settled with them.

An object's row changes in the transaction that claims, settles or frees its item
(utils/db/queue.py): no mark without its data, and none that outlives its worker. An object of a
bucket or a site that is not fetched yet has no item: it is claimed itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from utils.db import source_pages
from utils.db.schema import Item, Worker
from utils.db.session import chunks
from utils.db.source_tables import SourceFile, SourceFileVersion
from utils.models.found_object import FoundObject
from utils.models.item import ItemStatus
from utils.models.source import FileStatus, Refresh

_OPEN = (FileStatus.DISCOVERED.value, FileStatus.FAILED.value)
# As it was before it was claimed.
_FREE = {
    "status": case((SourceFile.tries > 0, FileStatus.FAILED.value),
                   else_=FileStatus.DISCOVERED.value),
    "claimed_by": None,
}  # fmt: skip


class Content(NamedTuple):
    """What was read of an object: its item, and what becomes of it by that."""

    key: str
    item_id: str | None
    status: FileStatus
    error: str | None = None
    error_class: str | None = None
    is_final: bool = False


def taken(s: Session, worker: str, item_ids: Sequence[str]) -> None:
    """These items are in work: so are the objects that hold them and wait for it."""
    for chunk in chunks(item_ids):
        _change(s, SourceFile.item_id.in_(chunk), SourceFile.status.in_(_OPEN),
                status=FileStatus.PROCESSING.value, claimed_by=worker)  # fmt: skip


def take(s: Session, worker: str, source_id: str, key: str) -> bool:
    """Claim an object that is to be fetched; False if another worker has it."""
    free = or_(SourceFile.claimed_by.is_(None), SourceFile.claimed_by == worker)
    return _change(s, *_of(source_id, key), free,
                   status=FileStatus.PROCESSING.value, claimed_by=worker) > 0  # fmt: skip


def release(s: Session, worker: str, item_ids: Sequence[str] | None = None) -> None:
    """What ``worker`` has claimed, or of it these items, is as it was before."""
    if item_ids is None:
        _change(s, SourceFile.claimed_by == worker, **_FREE)
        return
    for chunk in chunks(item_ids):
        _change(s, SourceFile.claimed_by == worker, SourceFile.item_id.in_(chunk), **_FREE)


def free_abandoned(s: Session) -> int:
    """What workers had in work that are no more is as it was before; returns how many."""
    claimed = SourceFile.claimed_by.is_not(None)
    return _change(s, claimed, SourceFile.claimed_by.not_in(select(Worker.id)), **_FREE)


def succeeded(s: Session, item_id: str) -> None:
    """An item is through: so are the objects that hold it."""
    waited = SourceFile.status != FileStatus.SKIPPED.value
    _change(s, SourceFile.item_id == item_id, waited, status=FileStatus.SUCCESS.value, tries=0,
            error=None, error_class=None, claimed_by=None)  # fmt: skip


def failed(s: Session, item_id: str, tries: int, error: BaseException) -> None:
    """An item failed, ``tries`` times by now: so did the objects that hold it."""
    waited = SourceFile.status != FileStatus.SKIPPED.value
    _change(s, SourceFile.item_id == item_id, waited, status=FileStatus.FAILED.value, tries=tries,
            **_of_error(error), claimed_by=None)  # fmt: skip


def not_fetched(
    s: Session, source_id: str, key: str, error: BaseException, tries: int | None = None
) -> None:
    """An object could not be fetched: one try more, or ``tries``, after which it waits."""
    number = SourceFile.tries + 1 if tries is None else tries
    _change(s, *_of(source_id, key), status=FileStatus.FAILED.value, tries=number,
            **_of_error(error), claimed_by=None)  # fmt: skip


def fetched(s: Session, source_id: str, key: str, item_id: str) -> None:
    """An object's content is here, as an item: with that it is settled from now on."""
    read(s, source_id, [Content(key, item_id, FileStatus.DISCOVERED)], max_tries=1)


def left(s: Session, source_id: str, key: str) -> None:
    """An object is left alone: a copy of something, or forgotten by a person."""
    is_through = SourceFile.status == FileStatus.SUCCESS.value
    _change(s, *_of(source_id, key), ~is_through,
            status=FileStatus.SKIPPED.value, claimed_by=None)  # fmt: skip


def forgotten(s: Session, item_ids: Sequence[str]) -> None:
    """A person had these items forgotten: the objects that hold them are left alone."""
    for chunk in chunks(item_ids):
        _change(s, SourceFile.item_id.in_(chunk), status=FileStatus.SKIPPED.value,
                claimed_by=None, item_id=None)  # fmt: skip
        s.execute(delete(SourceFileVersion).where(SourceFileVersion.item_id.in_(chunk)))


def read(s: Session, source_id: str, contents: Iterable[Content], max_tries: int) -> int:
    """Note what was read of objects; returns how many of them had only moved.

    Content that an object had before is no new version of it, whatever its time says; content of
    an object that vanished is that object under another key.
    """
    found = {one.key: one for one in contents}
    gone = _vanished(s, source_id, {one.item_id for one in found.values() if one.item_id})
    moved = 0
    for row in _rows(s, source_id, list(found)):
        one = found[row.key]
        if one.item_id and row.item_id is None and _is_taken_back(s, row, one.item_id):
            one = one._replace(status=_status_of(s, one))
        elif one.item_id and row.item_id is None and one.item_id in gone:
            before = gone.pop(one.item_id)
            if before != row.key:
                source_pages.rename(s, source_id, before, row.key)
                row, moved = s.get_one(SourceFile, (source_id, row.key)), moved + 1
        _fill(row, one, max_tries)
    s.flush()
    return moved


def _fill(row: SourceFile, one: Content, max_tries: int) -> None:
    row.item_id = one.item_id or row.item_id
    if row.claimed_by is not None:  # its worker settles it
        return
    row.status, row.error, row.error_class = one.status.value, one.error, one.error_class
    if one.status is FileStatus.FAILED:
        row.tries = max_tries if one.is_final else row.tries + 1
    elif one.status is not FileStatus.DISCOVERED:
        row.tries = 0


def _is_taken_back(s: Session, row: SourceFile, item_id: str) -> bool:
    """Forget a version that was none: the object holds what it held before."""
    before = s.get(SourceFileVersion, (row.source_id, row.key, row.version - 1))
    if before is None or before.item_id != item_id:
        return False
    s.delete(before)
    row.version, row.claimed_by = row.version - 1, None
    return True


def _status_of(s: Session, one: Content) -> FileStatus:
    """What becomes of an object that holds what it held before: nothing, if that is done."""
    item = s.get(Item, one.item_id)
    is_done = item is not None and item.status == ItemStatus.DONE.value
    return FileStatus.SUCCESS if is_done else one.status


def _vanished(s: Session, source_id: str, item_ids: Collection[str]) -> dict[str, str]:
    """The objects that vanished from a source with these contents: their keys by item."""
    found: dict[str, str] = {}
    for chunk in chunks(list(item_ids)):
        rows = s.execute(
            select(SourceFile.item_id, SourceFile.key)
            .where(SourceFile.source_id == source_id, SourceFile.item_id.in_(chunk),
                   SourceFile.vanished_at.is_not(None))
            .order_by(SourceFile.key)
        )  # fmt: skip
        found |= {str(item_id): key for item_id, key in rows}
    return found


class Which(Enum):
    """Objects that are asked for.

    ``TO_READ``: whose content nobody knows, or that failed; ``DUE``: that wait and have tries left,
    ``UNREAD``, ``NEW`` and ``CHANGED`` of those without an item, that had no content before, that
    had; ``FAILED``: whatever tries they have left; ``ALL`` that no person had forgotten.
    """

    TO_READ = auto()
    DUE = auto()
    UNREAD = auto()
    NEW = auto()
    CHANGED = auto()
    FAILED = auto()
    ALL = auto()

    @classmethod
    def of_refresh(cls, refresh: Refresh | None) -> Which:
        """What a run takes that does a source again; without one what is due."""
        chosen = {Refresh.FULL: cls.ALL, Refresh.NEW_ONLY: cls.NEW, Refresh.CHANGED: cls.CHANGED}
        return chosen[refresh] if refresh else cls.DUE


def waiting(
    s: Session, source_id: str, which: Which, after: str, limit: int, max_tries: int = 0
) -> Sequence[SourceFile]:
    """Up to ``limit`` objects that are there and nobody has in work, by key, behind ``after``."""
    return s.scalars(
        select(SourceFile)
        .where(
            SourceFile.source_id == source_id,
            SourceFile.key > after,
            SourceFile.vanished_at.is_(None),
            SourceFile.claimed_by.is_(None),
            _asked(which, max_tries),
        )
        .order_by(SourceFile.key)
        .limit(limit)
    ).all()


def _asked(which: Which, max_tries: int) -> ColumnElement[bool]:
    fresh = SourceFile.status == FileStatus.DISCOVERED.value
    failed = SourceFile.status == FileStatus.FAILED.value
    unread, due = SourceFile.item_id.is_(None), fresh | (failed & (SourceFile.tries < max_tries))
    return {
        Which.TO_READ: (unread & fresh) | failed,
        Which.DUE: due,
        Which.UNREAD: due & unread,
        Which.NEW: due & (SourceFile.version == 1),
        Which.CHANGED: due & (SourceFile.version > 1),
        Which.FAILED: failed,
        Which.ALL: ~unread | (SourceFile.status != FileStatus.SKIPPED.value),
    }[which]


def still_waiting(s: Session, item_ids: Sequence[str]) -> list[str]:
    """Those of these items that are not done, and wait for no person."""
    over = (ItemStatus.DONE.value, ItemStatus.QUARANTINED.value, ItemStatus.SUPERSEDED.value)
    return existing(s, item_ids, Item.status.not_in(over))


def existing(s: Session, item_ids: Sequence[str], *which: ColumnElement[bool]) -> list[str]:
    """Those of these items that there still are, in their order."""
    known: set[str] = set()
    for chunk in chunks(item_ids):
        known.update(s.scalars(select(Item.id).where(Item.id.in_(chunk), *which)))
    return [item_id for item_id in item_ids if item_id in known]


def count_due(s: Session, source_id: str, max_tries: int) -> int:
    """How many objects of a source wait and have tries left."""
    due = (SourceFile.source_id == source_id) & SourceFile.vanished_at.is_(None)
    waiting = select(func.count()).select_from(SourceFile).where(due, _asked(Which.DUE, max_tries))
    return s.scalar(waiting) or 0


def is_anything_there(s: Session, source_id: str) -> bool:
    """True if a source held something when it was last listed."""
    there = (SourceFile.source_id == source_id) & SourceFile.vanished_at.is_(None)
    return s.scalar(select(SourceFile.key).where(there).limit(1)) is not None


def items_gone(s: Session, source_id: str, since: datetime) -> list[str]:
    """The items of objects that vanished from a source since a moment."""
    gone = (SourceFile.source_id == source_id) & (SourceFile.vanished_at >= since)
    known = select(SourceFile.item_id).where(gone, SourceFile.item_id.is_not(None)).distinct()
    return [item_id for item_id in s.scalars(known) if item_id]


def adopt(s: Session, source_id: str, known: Mapping[str, str]) -> None:
    """Note the items of objects that were fetched before their source knew them: item by key."""
    for row in _rows(s, source_id, list(known)):
        if row.item_id is None and row.claimed_by is None:
            one = Content(row.key, known[row.key], FileStatus.DISCOVERED)
            row.item_id, row.status = one.item_id, _status_of(s, one).value


def try_again(s: Session, source_id: str) -> list[str]:
    """Give what failed all its tries, as a person asked for it; returns the items among it."""
    failed = SourceFile.status == FileStatus.FAILED.value
    of = (SourceFile.source_id == source_id, failed, SourceFile.vanished_at.is_(None))
    items = s.scalars(select(SourceFile.item_id).where(*of, SourceFile.item_id.is_not(None))).all()
    _change(s, *of, tries=0)
    return [item_id for item_id in items if item_id]


def found_object(row: SourceFile) -> FoundObject:
    """An object as it was last listed."""
    return FoundObject(
        key=row.key, size_bytes=row.size_bytes, etag=row.etag, modified_at=row.modified_at
    )


def sources_of(s: Session, item_id: str) -> list[str]:
    """The ids of the sources that hold an item."""
    return list(s.scalars(select(SourceFile.source_id).where(SourceFile.item_id == item_id)))


def sources_of_items(s: Session) -> dict[str, frozenset[str]]:
    """The ids of the sources that hold it, of each item that one holds."""
    held = select(SourceFile.item_id, SourceFile.source_id).where(SourceFile.item_id.is_not(None))
    found: dict[str, set[str]] = {}
    for item_id, source_id in s.execute(held):
        found.setdefault(item_id, set()).add(source_id)
    return {item_id: frozenset(ids) for item_id, ids in found.items()}


def every(
    s: Session, source_id: str, status: FileStatus | None, limit: int, after: str = ""
) -> Sequence[SourceFile]:
    """Up to ``limit`` objects of a source, by key, behind ``after``; those of one status."""
    query = select(SourceFile).where(SourceFile.source_id == source_id, SourceFile.key > after)
    if status:
        query = query.where(SourceFile.status == status.value, SourceFile.vanished_at.is_(None))
    return s.scalars(query.order_by(SourceFile.key).limit(limit)).all()


def _rows(s: Session, source_id: str, keys: Sequence[str]) -> list[SourceFile]:
    return [
        row
        for chunk in chunks(keys)
        for row in s.scalars(
            select(SourceFile).where(SourceFile.source_id == source_id, SourceFile.key.in_(chunk))
        )
    ]


def _of(source_id: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return SourceFile.source_id == source_id, SourceFile.key == key


def _of_error(error: BaseException) -> dict[str, str]:
    return {"error_class": type(error).__name__, "error": str(error)[:2000]}


def _change(s: Session, *which: ColumnElement[bool], **values: Any) -> int:
    """Change rows in one statement; returns how many."""
    done = s.execute(
        update(SourceFile)
        .where(*which)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
