"""Items: registered, found again, and where their files lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import listings, places
from utils.db.schema import File, ForgottenPlace, Item
from utils.db.session import chunks, upsert
from utils.db.session import rows as rows_of
from utils.errors import PermanentError, RetryableError, UsageError
from utils.models.item import FileStat, ItemStatus, MediaItem, MediaKind
from utils.storage import files

# What people are shown of an item that somebody has claimed.
IN_WORK = "processing"

_BY_ID = select(Item).where(Item.id == bindparam("item_id"))
_PATHS = select(File.path).where(File.item_id == bindparam("item_id")).order_by(File.seen_at)


class Seen(NamedTuple):
    """A file and the item in it, as the scan of a folder found them."""

    stat: FileStat
    item_id: str
    is_new: bool


def known_files(s: Session, paths: Sequence[Path]) -> dict[str, File]:
    """The rows of those ``paths`` that were seen before, by path."""
    found: dict[str, File] = {}
    for chunk in chunks([str(path) for path in paths]):
        found |= {row.path: row for row in s.scalars(select(File).where(File.path.in_(chunk)))}
    return found


def preload(s: Session, item_ids: Sequence[str]) -> Sequence[Item]:
    """Load items in few queries, so that getting each by its id asks the database no more.

    The session holds them weakly: keep what this returns for as long as it shall serve.
    """
    return [
        item
        for chunk in chunks(item_ids)
        for item in s.scalars(select(Item).where(Item.id.in_(chunk)))
    ]


def unchanged(row: File | ForgottenPlace, stat: FileStat) -> bool:
    """True if the file is the one that was hashed: same size, time and inode."""
    return (row.size_bytes, row.modified_ns, row.inode) == (
        stat.size_bytes,
        stat.modified_ns,
        str(stat.inode),
    )


def register(
    s: Session,
    seen: Seen,
    kind: MediaKind,
    title: str | None = None,
    source_url: str | None = None,
) -> Item:
    """Note that a file holds an item; the item is new, or known from another path."""
    register_all(s, [(seen, kind)], title, source_url)
    return s.get_one(Item, seen.item_id)


def register_all(
    s: Session,
    found: Sequence[tuple[Seen, MediaKind]],
    title: str | None = None,
    source_url: str | None = None,
) -> None:
    """Note that files hold items, two statements for all of them; the order is kept."""
    if not found:
        return
    insert, at = upsert(s), now()
    s.execute(
        insert(Item).on_conflict_do_nothing(),
        [
            {
                "id": seen.item_id,
                "kind": kind.value,
                "title": title or seen.stat.path.stem,
                "size_bytes": seen.stat.size_bytes,
                "source_url": source_url,
                "status": ItemStatus.PENDING.value,
            }
            for seen, kind in found
        ],
    )
    written = insert(File)
    places.found_again(s, [seen.item_id for seen, _ in found])
    facts = ("item_id", "size_bytes", "modified_ns", "inode", "seen_at")
    s.execute(
        written.on_conflict_do_update(
            index_elements=[File.path], set_={name: written.excluded[name] for name in facts}
        ),
        [
            {
                "path": str(seen.stat.path),
                "item_id": seen.item_id,
                "size_bytes": seen.stat.size_bytes,
                "modified_ns": seen.stat.modified_ns,
                "inode": str(seen.stat.inode),
                "seen_at": at + timedelta(microseconds=number),  # what is first stays first
            }
            for number, (seen, _) in enumerate(found)
        ],
    )


def files_of(s: Session, item_id: str) -> Sequence[File]:
    """The places of an item as they were seen, first seen first."""
    rows = select(File).where(File.item_id == item_id).order_by(File.seen_at)
    return s.scalars(rows).all()


def paths_of(s: Session, item_id: str) -> list[Path]:
    """Where the item was seen, first seen first."""
    return [Path(row) for row in rows_of(s, _PATHS, item_id=item_id).scalars()]


def paths_by_item(s: Session, item_ids: Sequence[str]) -> dict[str, list[Path]]:
    """The same for many items: an entry for each."""
    found: dict[str, list[Path]] = {item_id: [] for item_id in item_ids}
    for chunk in chunks(item_ids):
        rows = select(File.item_id, File.path).where(File.item_id.in_(chunk))
        for item_id, path in s.execute(rows.order_by(File.seen_at)):
            found[item_id].append(Path(path))
    return found


def path_here(s: Session, item_id: str, shared: bool = False) -> Path | None:
    """Where the item still lies, best where nothing changed; None if it lies nowhere here.

    With ``shared`` other machines use the database too, and may have other files at a path.
    """
    rows = files_of(s, item_id)
    here = {row: found for row in rows if (found := _looked_at(Path(row.path)))}
    as_seen = (row for row, found in here.items() if unchanged(row, found))
    # Touched, moved back: its checksum is looked at where it is taken.
    like = (row for row, found in here.items() if found.size_bytes == row.size_bytes)
    row = next(as_seen, None) or next(like, None) or (None if shared else next(iter(here), None))
    return Path(row.path) if row else None


def _looked_at(path: Path) -> FileStat | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return FileStat(
        path=path,
        size_bytes=found.st_size,
        modified_ns=found.st_mtime_ns,
        inode=found.st_ino,
    )


def known_path(s: Session, item: MediaItem) -> Path:
    """Where people know the item: not the copy of it that a store gave this machine."""
    paths = paths_of(s, item.item_id)
    return item.path if item.path in paths or not paths else paths[0]


def media_item(
    s: Session, item_id: str, shared: bool = False, fetched: Path | None = None
) -> MediaItem:
    """The item as steps get it, at a path where it still lies, or where a store ``fetched`` it.

    Raises:
        RetryableError: none of its files is there any more.
    """
    item = s.get(Item, item_id)
    if item is None:
        raise PermanentError(f"There is no item {item_id}. `nightshift items` lists them.")
    path = path_here(s, item_id, shared) or fetched
    if path is None:
        paths = paths_of(s, item_id)
        raise RetryableError(
            f"{paths[0] if paths else item.title} vanished. Put it back, then run again; or have "
            f"it forgotten: nightshift forget {item_id[:10]}"
        )
    return MediaItem(
        item_id=item.id,
        path=path,
        kind=MediaKind(item.kind),
        size_bytes=item.size_bytes,
        title=item.title,
        source_url=item.source_url,
        listing=listings.of(s, item_id),
    )


def find(s: Session, wanted: str) -> Item:
    """The item that a person means: a checksum, a unique prefix of one, or a path.

    Raises:
        UsageError: none or several are meant.
    """
    # Not ``Session.get``: it makes its statement anew each time.
    if (item := s.scalars(_BY_ID, {"item_id": wanted}).first()) is not None:
        return item
    if row := s.get(File, str(files.absolute(wanted))):
        return s.get_one(Item, row.item_id)
    prefix = wanted.lower()
    if len(prefix) >= 4 and all(c in "0123456789abcdef" for c in prefix):
        found = s.scalars(select(Item).where(Item.id.startswith(prefix)).limit(2)).all()
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{wanted} is the beginning of several items. Give more digits.")
    raise UsageError(f"There is no item {wanted}. `nightshift items` lists them.")


def hold(s: Session, item_id: str) -> None:
    """Let no other writer near an item until the transaction ends: what is read now still holds."""
    s.execute(update(Item).where(Item.id == item_id).values(tries=Item.tries))


def count_by_status(s: Session) -> dict[str, int]:
    """How many items there are of each status; what is claimed counts as in work alone."""
    status = shown_status_column()
    rows = s.execute(select(status, func.count()).group_by(status))
    return {status: number for status, number in rows}  # noqa: C416 (a Row is no pair to mypy)


def shown_status(item: Any) -> str:
    """What people are shown: the status, or that somebody works on the item now."""
    return item.status if item.claimed_by is None else IN_WORK


def shown_status_column() -> ColumnElement[str]:
    """The same for a query."""
    return case((Item.claimed_by.is_(None), Item.status), else_=IN_WORK)


def hash_file(stat: FileStat, hear: Callable[[float], None] | None = None) -> str:
    """The checksum of a file that did not change while it was read; ``hear`` is told the share.

    Raises:
        RetryableError: it changed; it is probably still being copied.
    """
    checksum = files.sha256(stat.path, hear)
    if files.stat(stat.path) != stat:
        raise RetryableError(
            f"{stat.path.name} changed while it was read. Run again when it is whole."
        )
    return checksum
