"""Where items stand: what waits and in which order, who has claimed what, how it was settled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    case,
    cast,
    extract,
    false,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from utils.db.schema import Item, now
from utils.db.session import chunks
from utils.errors import (
    DeferredError,
    PermanentError,
    ResourceError,
    SettingsError,
    StoppedError,
)
from utils.models.item import ItemStatus

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
    for chunk in chunks(item_ids):
        s.execute(update(Item).where(Item.id.in_(chunk)).values(asked_at=now()))


def claim(
    s: Session, holder: str, query: Select[tuple[Item]], limit: int, renew: bool = True
) -> list[str]:
    """Take up to ``limit`` items of ``query`` for ``holder``; nobody else gets them.

    On Postgres rows that another shift is taking are skipped (``FOR UPDATE SKIP LOCKED``);
    on SQLite one claims after the other. With ``renew`` what ``holder`` has already is taken
    again. What a dead holder had is freed by a sweep (utils/sweep.py).
    """
    candidates = query.with_only_columns(Item.id).limit(limit)
    if s.get_bind().dialect.name == "postgresql":
        candidates = candidates.with_for_update(skip_locked=True)
    else:  # takes the only writer's place before it looks: nobody takes what it finds
        s.execute(update(Item).where(false()).values(claimed_by=None))
    free = or_(Item.claimed_by.is_(None), Item.claimed_by == (holder if renew else None))
    ids = list(s.scalars(candidates.where(free)))
    taken = set(
        s.scalars(
            update(Item)
            .where(Item.id.in_(ids), free)
            .values(claimed_by=holder, status=ItemStatus.PROCESSING.value)
            .returning(Item.id)
        )
    )
    return [item_id for item_id in ids if item_id in taken]


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
    for chunk in chunks(item_ids):
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
