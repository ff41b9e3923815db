"""The queue: which items wait and in which order, who has claimed what, how it was settled.

What an item's status is and who has claimed it are two columns: claiming changes no status. All
that a worker does to its claim is one ``UPDATE … WHERE claimed_by = :worker``: a worker that was
counted as dead, and whose item another has claimed by now, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    case,
    cast,
    exists,
    extract,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import source_files
from utils.db.schema import File, Item
from utils.db.session import chunks
from utils.errors import (
    DeferredError,
    PermanentError,
    ResourceError,
    SettingsError,
    StoppedError,
    step_of,
)
from utils.models.item import ItemStatus
from utils.models.shift import Lack

# The order of what waits, in days of waiting: a rank is what an item has against it, less its age.
# All of it is bounded, so that whatever waits gets in front of all that arrives later, after
# 45 days at the latest (the sum of these, the priority's twice). Chosen.
_FRESH_DAYS = 7.0  # ahead for what came within a day
_SIZE_DAYS = 4.0  # behind for a size without end; half of it at ``_SIZE_BYTES``
_SIZE_BYTES = 2**30
_TRY_DAYS = 4.0  # behind for a failed try; half of it more for all that follow
_PRIORITY_DAYS = 10.0  # ahead, or behind, for what a rule gives a priority
_DEFERRED_DAYS = 8.0  # behind for what was deferred, which may not fit again
_HOUR = 3600


def rank() -> ColumnElement[float]:
    """Days by which an item goes behind others, less the days that it waits; the lowest is first.

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
        - _PRIORITY_DAYS * cast(Item.priority, Float)
        - hours / 24.0
    )


def waiting(max_tries: int, away: Sequence[str] = ()) -> Select[tuple[Item]]:
    """Items that a shift may take: what a person asked for, then by ``rank``.

    ``away``: folders that are not there now; what lies nowhere else would only fail.
    """
    return (
        select(Item)
        .where(
            *_not_below(away),
            or_(
                Item.status.in_((ItemStatus.PENDING.value, ItemStatus.DEFERRED.value)),
                (Item.status == ItemStatus.FAILED.value) & (Item.tries < max_tries),
                # Done, but for a step that failed and may not fail again.
                (Item.status == ItemStatus.DONE.value)
                & (Item.tries > 0)
                & (Item.tries < max_tries),
            ),
        )
        .order_by(
            Item.requested_at.is_(None),
            Item.requested_at,
            rank(),
            Item.size_bytes,
            Item.added_at,
            Item.id,
        )
    )


def _not_below(folders: Sequence[str]) -> list[ColumnElement[bool]]:
    """True for items with a file outside of these folders, or none at all."""
    if not folders:
        return []
    below: list[ColumnElement[bool]] = []
    for folder in folders:
        inside = File.path.startswith(f"{folder}/".replace("//", "/"), autoescape=True)
        below += [File.path == folder, inside]
    has_file = exists().where(File.item_id == Item.id)
    return [or_(~has_file, has_file.where(not_(or_(*below))))]


def mark_requested(s: Session, item_ids: Sequence[str]) -> None:
    """Note that a person asked for these: until they are done they go first."""
    for chunk in chunks(item_ids):
        s.execute(update(Item).where(Item.id.in_(chunk)).values(requested_at=now()))


def claim(
    s: Session, worker: str, query: Select[tuple[Item]], limit: int, renew: bool = False
) -> list[str]:
    """Take up to ``limit`` items of ``query`` for ``worker``; nobody else gets them.

    On Postgres rows that another shift is taking are skipped (``FOR UPDATE SKIP LOCKED``);
    on SQLite one claims after the other. With ``renew`` what ``worker`` has already is taken
    again. What a dead worker had is freed by a recovery (utils/housekeeping/recovery.py).
    """
    candidates = query.with_only_columns(Item.id).limit(limit)
    if s.get_bind().dialect.name == "postgresql":
        candidates = candidates.with_for_update(skip_locked=True)
    else:  # takes the only writer's place before it looks: nobody takes what it finds
        s.execute(update(Item).where(false()).values(claimed_by=None))
    free = or_(Item.claimed_by.is_(None), Item.claimed_by == (worker if renew else None))
    ids = list(s.scalars(candidates.where(free)))
    taken = set(
        s.scalars(
            update(Item).where(Item.id.in_(ids), free).values(claimed_by=worker).returning(Item.id)
        )
    )
    source_files.taken(s, worker, list(taken))
    return [item_id for item_id in ids if item_id in taken]


def claim_these(s: Session, worker: str, item_ids: Sequence[str]) -> list[str]:
    """Take these items for ``worker``, in their order; what another has claimed is left out."""
    taken: set[str] = set()
    for chunk in chunks(item_ids):
        these = select(Item).where(Item.id.in_(chunk))
        taken.update(claim(s, worker, these, len(chunk), renew=True))
    return [item_id for item_id in item_ids if item_id in taken]


def undone(item_id: str) -> Select[tuple[Item]]:
    """The item, unless it is done."""
    return select(Item).where(Item.id == item_id, Item.status != ItemStatus.DONE.value)


def unclaimed(s: Session, max_tries: int, limit: int, away: Sequence[str] = ()) -> list[str]:
    """Up to ``limit`` items that wait and nobody has claimed, in their order."""
    free = waiting(max_tries, away).with_only_columns(Item.id).where(Item.claimed_by.is_(None))
    return list(s.scalars(free.limit(limit)))


def count_waiting(s: Session, max_tries: int) -> int:
    """How many items wait and nobody has claimed."""
    free = waiting(max_tries).order_by(None).where(Item.claimed_by.is_(None))
    return s.scalar(free.with_only_columns(func.count())) or 0


def is_claimed_by(s: Session, item_id: str, worker: str) -> bool:
    """True if the item is ``worker``'s now."""
    return s.scalar(select(Item.claimed_by).where(Item.id == item_id)) == worker


def release_all(s: Session, worker: str) -> None:
    """Give back what ``worker`` claimed and did not settle; it keeps its place in the queue."""
    s.execute(update(Item).where(Item.claimed_by == worker).values(claimed_by=None))
    source_files.release(s, worker)


def release(s: Session, worker: str, item_ids: Sequence[str]) -> bool:
    """Give back some of what ``worker`` claimed; False if none of it was its own any more."""
    released = [_settle(s, worker, Item.id.in_(ids), claimed_by=None) for ids in chunks(item_ids)]
    source_files.release(s, worker, item_ids)
    return any(released)


def settle_done(
    s: Session,
    worker: str,
    item_id: str,
    done_key: str,
    lacks: Sequence[Lack] = (),
    max_tries: int = 1,
) -> bool:
    """The item is done under ``done_key``; its tries are forgotten. False: it is not ours.

    What it ``lacks`` and may get another time is tried again: until ``max_tries`` are used up
    there is no key under which it is done.
    """
    may_pass = any(lack.may_pass for lack in lacks)
    tries = Item.tries + 1 if may_pass else literal(0)
    is_open = literal(may_pass) & (tries < max_tries)
    is_ours = _settle(
        s,
        worker,
        Item.id == item_id,
        status=ItemStatus.DONE.value,
        done_key=case((is_open, null()), else_=done_key),
        tries=tries,
        error=None,
        error_class=None,
        failed_step=None,
        lacks=_plain(lacks),
        claimed_by=None,
        requested_at=None,
        processed_at=now(),
    )
    if is_ours:
        source_files.succeeded(s, item_id)
    return is_ours


def settle_skipped(s: Session, worker: str, item_id: str, done_key: str) -> bool:
    """A rule leaves the item out, under ``done_key``. False: it is not ours."""
    return _settle(
        s,
        worker,
        Item.id == item_id,
        status=ItemStatus.SKIPPED.value,
        done_key=done_key,
        tries=0,
        error=None,
        error_class=None,
        failed_step=None,
        lacks=[],
        claimed_by=None,
        requested_at=None,
        processed_at=now(),
    )


def settle_deferred(
    s: Session, worker: str, item_id: str, error: DeferredError, lacks: Sequence[Lack] = ()
) -> bool:
    """All is done but what was deferred; the next shift goes on there. False: it is not ours."""
    is_ours = _settle(
        s,
        worker,
        Item.id == item_id,
        status=ItemStatus.DEFERRED.value,
        tries=0,
        **_of_error(error),
        lacks=_plain(lacks),
        claimed_by=None,
        requested_at=None,
        processed_at=now(),
    )
    if is_ours:
        source_files.succeeded(s, item_id)
    return is_ours


def settle_failed(
    s: Session, worker: str, item_id: str, error: BaseException, max_tries: int
) -> bool:
    """The item failed: for good if the error is permanent or the tries are used up.

    What a person stopped goes back as it was. False: the item is not ``worker``'s any more, and
    nothing was changed.
    """
    if isinstance(error, StoppedError):
        return release(s, worker, [item_id])
    is_its_own = not isinstance(error, ResourceError | SettingsError)
    tries = Item.tries + int(is_its_own)
    final = literal(isinstance(error, PermanentError)) | (tries >= max_tries)
    is_ours = _settle(
        s,
        worker,
        Item.id == item_id,
        status=case((final, ItemStatus.QUARANTINED.value), else_=ItemStatus.FAILED.value),
        tries=tries,
        **_of_error(error),
        lacks=[],
        claimed_by=None,
    )
    if is_ours:
        _objects_failed(s, item_id, error, max_tries)
    return is_ours


def _objects_failed(s: Session, item_id: str, error: BaseException, max_tries: int) -> None:
    """Note at its sources that an item failed, and that it waits for a person if it does."""
    found = s.execute(select(Item.status, Item.tries).where(Item.id == item_id)).one()
    is_final = found.status == ItemStatus.QUARANTINED.value
    source_files.failed(s, item_id, max_tries if is_final else found.tries, error)


def _settle(s: Session, worker: str, which: ColumnElement[bool], **values: Any) -> bool:
    done = s.scalars(
        update(Item)
        .where(which, Item.claimed_by == worker)
        .values(**values)
        .returning(Item.id)
        .execution_options(synchronize_session=False)
    )
    return bool(done.all())


def _plain(lacks: Sequence[Lack]) -> list[dict[str, Any]]:
    return [lack.model_dump(mode="json") for lack in lacks]


def _of_error(error: BaseException) -> dict[str, Any]:
    """What a row says of an error: its class, the step that raised it, its text."""
    return {
        "error_class": type(error).__name__,
        "failed_step": step_of(error),
        "error": str(error)[:2000],
    }


def quarantine(s: Session, item_id: str, step: str, why: str) -> None:
    """The item, which nobody works on, waits for a person."""
    s.execute(
        update(Item)
        .where(Item.id == item_id, Item.claimed_by.is_(None))
        .values(
            status=ItemStatus.QUARANTINED.value,
            error_class=PermanentError.__name__,
            failed_step=step,
            error=why,
        )
    )
