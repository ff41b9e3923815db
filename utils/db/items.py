"""Items: registered, claimed, settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from utils.config import load_settings
from utils.db.schema import File, Item, now
from utils.db.session import upsert
from utils.errors import (
    DeferredError,
    PermanentError,
    ResourceError,
    RetryableError,
    SettingsError,
    StoppedError,
)
from utils.media import files
from utils.models.item import FileStat, ItemStatus, MediaItem, MediaKind

_CHUNK = 500  # SQLite takes 32,766 parameters; 500 rows stay far below


class Seen(NamedTuple):
    """A file and the item in it, as the scan of a folder found them."""

    stat: FileStat
    item_id: str
    is_new: bool


def known_files(s: Session, paths: Sequence[Path]) -> dict[str, File]:
    """The rows of those ``paths`` that were seen before, by path."""
    found: dict[str, File] = {}
    for chunk in _chunks([str(path) for path in paths]):
        found |= {row.path: row for row in s.scalars(select(File).where(File.path.in_(chunk)))}
    return found


def preload(s: Session, item_ids: Sequence[str]) -> Sequence[Item]:
    """Load items in few queries, so that getting each by its id asks the database no more.

    The session holds them weakly: keep what this returns for as long as it shall serve.
    """
    return [
        item
        for chunk in _chunks(item_ids)
        for item in s.scalars(select(Item).where(Item.id.in_(chunk)))
    ]


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def unchanged(row: File, stat: FileStat) -> bool:
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


def paths_of(s: Session, item_id: str) -> list[Path]:
    """Where the item was seen, first seen first."""
    rows = s.scalars(select(File.path).where(File.item_id == item_id).order_by(File.seen_at))
    return [Path(row) for row in rows]


def paths_by_item(s: Session, item_ids: Sequence[str]) -> dict[str, list[Path]]:
    """The same for many items: an entry for each."""
    found: dict[str, list[Path]] = {item_id: [] for item_id in item_ids}
    for chunk in _chunks(item_ids):
        rows = select(File.item_id, File.path).where(File.item_id.in_(chunk))
        for item_id, path in s.execute(rows.order_by(File.seen_at)):
            found[item_id].append(Path(path))
    return found


def path_here(s: Session, item: Item) -> Path | None:
    """Where the item still lies; with a store other machines have other files at a path."""
    shared = load_settings().store_url is not None
    for path in paths_of(s, item.id):
        if path.exists() and (not shared or path.stat().st_size == item.size_bytes):
            return path
    return None


def known_path(s: Session, item: MediaItem) -> Path:
    """Where people know the item: not the copy of it that a store gave this machine."""
    paths = paths_of(s, item.item_id)
    return item.path if item.path in paths or not paths else paths[0]


def media_item(s: Session, item_id: str, brought: Path | None = None) -> MediaItem:
    """The item as steps get it, at a path where it still lies, or where a store ``brought`` it.

    Raises:
        RetryableError: none of its files is there any more.
    """
    item = s.get(Item, item_id)
    if item is None:
        raise PermanentError(f"There is no item {item_id}. `nightshift items` lists them.")
    path = path_here(s, item) or brought
    if path is None:
        paths = paths_of(s, item_id)
        raise RetryableError(
            f"{paths[0] if paths else item.title} vanished. Put it back, then run again."
        )
    return MediaItem(
        item_id=item.id,
        path=path,
        kind=MediaKind(item.kind),
        size_bytes=item.size_bytes,
        title=item.title,
        source_url=item.source_url,
    )


def find(s: Session, wanted: str) -> Item:
    """The item that a person means: a checksum, a unique prefix of one, or a path.

    Raises:
        PermanentError: none or several are meant.
    """
    if (item := s.get(Item, wanted)) is not None:
        return item
    if row := s.get(File, str(files.absolute(wanted))):
        return s.get_one(Item, row.item_id)
    prefix = wanted.lower()
    if len(prefix) >= 4 and all(c in "0123456789abcdef" for c in prefix):
        found = s.scalars(select(Item).where(Item.id.startswith(prefix)).limit(2)).all()
        if len(found) == 1:
            return found[0]
        if found:
            raise PermanentError(f"{wanted} is the beginning of several items. Give more digits.")
    raise PermanentError(f"There is no item {wanted}. `nightshift items` lists them.")


# The order of what waits, in days of waiting: a rank is what an item has against it, less its age.
# All of it is bounded, so that whatever waits gets in front of all that arrives later, after
# 25 days at the latest (the sum of these). Chosen.
_FRESH_DAYS = 7.0  # ahead for what came within a day
_SIZE_DAYS = 4.0  # behind for a size without end; half of it at ``_SIZE_BYTES``
_SIZE_BYTES = 2**30
_TRY_DAYS = 4.0  # behind for a failed try; half of it more for all that follow
_DEFERRED_DAYS = 8.0  # behind for what was put off, which may not fit again
_HOUR = 3600


def rank() -> ColumnElement[float]:
    """What an item has against it, less the days that it waits: the lowest goes first.

    Age counts in whole hours, so that of what came together the small goes first.
    """
    waited = cast(literal(now().timestamp()) - extract("epoch", Item.added_at), Integer)
    hours = case((waited < 0, 0), else_=waited // _HOUR)  # the clock may have been ahead
    size = cast(Item.size_bytes, Float)
    return (
        case((hours < 24, -_FRESH_DAYS), else_=0.0)
        + _SIZE_DAYS * size / (size + float(_SIZE_BYTES))
        + case((Item.tries == 0, 0.0), (Item.tries == 1, _TRY_DAYS), else_=1.5 * _TRY_DAYS)
        + case((Item.status == ItemStatus.DEFERRED.value, _DEFERRED_DAYS), else_=0.0)
        - hours / 24.0
    )


def waiting(max_tries: int) -> Select[tuple[Item]]:
    """Items that a shift may take: what a person asked for, then by ``rank``."""
    return (
        select(Item)
        .where(
            or_(
                Item.status.in_((ItemStatus.PENDING.value, ItemStatus.DEFERRED.value)),
                (Item.status == ItemStatus.FAILED.value) & (Item.tries < max_tries),
            )
        )
        .order_by(
            Item.asked_at.is_(None), Item.asked_at, rank(), Item.size_bytes, Item.added_at, Item.id
        )
    )


def ask(s: Session, item_ids: Sequence[str]) -> None:
    """Note that a person asked for these: until they are done they go first."""
    for start in range(0, len(item_ids), _CHUNK):
        chunk = item_ids[start : start + _CHUNK]
        s.execute(update(Item).where(Item.id.in_(chunk)).values(asked_at=now()))


def claim(
    s: Session, holder: str, query: Select[tuple[Item]], limit: int, renew: bool = True
) -> list[str]:
    """Take up to ``limit`` items of ``query`` for ``holder``; nobody else gets them.

    On Postgres rows that another shift is taking are skipped (``FOR UPDATE SKIP LOCKED``);
    on SQLite the update itself decides, one writer at a time. With ``renew`` what ``holder``
    has already is taken again. What a dead holder had is freed by a sweep (utils/sweep.py).
    """
    candidates = query.with_only_columns(Item.id).limit(limit)
    if s.get_bind().dialect.name == "postgresql":
        candidates = candidates.with_for_update(skip_locked=True)
    free = or_(Item.claimed_by.is_(None), Item.claimed_by == (holder if renew else None))
    ids = list(s.scalars(candidates.where(free)))
    taken = s.scalars(
        update(Item)
        .where(Item.id.in_(ids), free)
        .values(claimed_by=holder, status=ItemStatus.PROCESSING.value)
        .returning(Item.id)
    ).all()
    return [item_id for item_id in ids if item_id in set(taken)]


def holds(s: Session, item_id: str, holder: str) -> bool:
    """True if the item is ``holder``'s still; nobody takes it before the transaction ends."""
    row = s.scalar(select(Item.claimed_by).where(Item.id == item_id).with_for_update())
    return row == holder


def release(s: Session, holder: str, max_tries: int) -> list[str]:
    """Give back what ``holder`` claimed and did not settle; returns the items' ids."""
    held = s.scalars(select(Item).where(Item.claimed_by == holder)).all()
    for item in held:
        _stand_as_before(item, max_tries)
    return [item.id for item in held]


def give_back(s: Session, holder: str, item_ids: Sequence[str], max_tries: int) -> None:
    """Give back some of what ``holder`` claimed: it stands as before, and keeps its place."""
    for start in range(0, len(item_ids), _CHUNK):
        chunk = item_ids[start : start + _CHUNK]
        held = select(Item).where(Item.id.in_(chunk), Item.claimed_by == holder)
        for item in s.scalars(held):
            _stand_as_before(item, max_tries)


def free(s: Session, item_ids: Sequence[str], max_tries: int) -> None:
    """Give back what a holder that is dead had claimed."""
    for item in s.scalars(select(Item).where(Item.id.in_(item_ids))):
        _stand_as_before(item, max_tries)


def quarantine(s: Session, item_id: str, why: str) -> None:
    """The item waits for a person."""
    item = s.get_one(Item, item_id)
    item.status = ItemStatus.QUARANTINED.value
    item.error_class, item.error = PermanentError.__name__, why


def settle_done(s: Session, item_id: str, done_key: str) -> None:
    """The item is done under ``done_key``; its tries are forgotten."""
    s.execute(
        update(Item)
        .where(Item.id == item_id)
        .values(
            status=ItemStatus.DONE.value,
            done_key=done_key,
            tries=0,
            error=None,
            error_class=None,
            claimed_by=None,
            asked_at=None,
            processed_at=now(),
        )
    )


def settle_deferred(s: Session, item_id: str, why: str) -> None:
    """All is done but what was put off; the next shift goes on there."""
    item = s.get_one(Item, item_id)
    item.status, item.tries = ItemStatus.DEFERRED.value, 0
    item.error_class, item.error = DeferredError.__name__, why
    item.claimed_by = item.asked_at = None
    item.processed_at = now()


def settle_aside(s: Session, item_id: str, max_tries: int) -> None:
    """Single steps were done, or the work was stopped: the item stands where it stood."""
    _stand_as_before(s.get_one(Item, item_id), max_tries)


def _stand_as_before(item: Item, max_tries: int) -> None:
    """The standing that a claim has covered, by what else the row says."""
    if item.error_class == DeferredError.__name__:
        status = ItemStatus.DEFERRED
    elif item.error_class:
        final = item.error_class == PermanentError.__name__ or item.tries >= max_tries
        status = ItemStatus.QUARANTINED if final else ItemStatus.FAILED
    else:
        status = ItemStatus.DONE if item.done_key else ItemStatus.PENDING
    item.status = status.value
    item.claimed_by = None


def settle_failed(s: Session, item_id: str, error: BaseException, max_tries: int) -> None:
    """The item failed: for good if the error is permanent or the tries are used up.

    What a person stopped stands as before.
    """
    item = s.get_one(Item, item_id)
    if isinstance(error, StoppedError):
        _stand_as_before(item, max_tries)
        return
    if not isinstance(error, ResourceError | SettingsError):  # not the item's fault
        item.tries += 1
    final = isinstance(error, PermanentError) or item.tries >= max_tries
    item.status = (ItemStatus.QUARANTINED if final else ItemStatus.FAILED).value
    item.error_class, item.error = type(error).__name__, str(error)[:2000]
    item.claimed_by = None


def count_by_status(s: Session) -> dict[str, int]:
    """How many items there are of each status."""
    rows = s.execute(select(Item.status, func.count()).group_by(Item.status))
    return {status: number for status, number in rows}  # noqa: C416 (a Row is no pair to mypy)


def hash_file(stat: FileStat) -> str:
    """The checksum of a file that did not change while it was read.

    Raises:
        RetryableError: it changed; it is probably still being copied.
    """
    checksum = files.sha256(stat.path)
    if files.stat(stat.path) != stat:
        raise RetryableError(
            f"{stat.path.name} changed while it was read. Run again when it is whole."
        )
    return checksum
