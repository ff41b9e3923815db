"""Publications: what is wanted at a target, under way, there, or taken back; who is at it.

All that a worker does to a row it has claimed is one ``UPDATE … WHERE claimed_by = :worker``: one
that was counted as dead, and whose row another has taken since, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Text,
    cast,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, defer

from utils.clock import now
from utils.db import publishable, words, workers
from utils.db.publication_tables import PublicationRow as Row
from utils.db.schema import Item
from utils.db.session import chunks, upsert
from utils.errors import UsageError
from utils.models.publishing import Package, PublicationStatus, Published, PublishedObject

MOST_NUMBER = 2**63 - 1  # that databases take
MOST_TRIES = 12  # of what may pass: for two days. Chosen.
_FAILED = (PublicationStatus.FAILED.value, PublicationStatus.RETRACTING.value)
_OPEN = (*_FAILED, PublicationStatus.SCHEDULED.value, PublicationStatus.PUBLISHING.value)


class Wish(NamedTuple):
    """What somebody wants published: an item at a target, from a moment on.

    ``forced``: why it is published though it is not approved. ``made_by``: who wants it.
    """

    item_id: str
    title: str
    target: str
    kind: str
    due_at: datetime
    made_by: str | None = None
    forced: str | None = None


def want(s: Session, wish: Wish) -> int:
    """Note a wish; what lies there already stays until it is replaced. Returns the row's id."""
    want_all(s, [wish])
    return s.scalars(
        select(Row.id).where(Row.item_id == wish.item_id, Row.target == wish.target)
    ).one()


def want_all(s: Session, wishes: Sequence[Wish]) -> None:
    """Note wishes, in one statement."""
    if not wishes:
        return
    made = upsert(s)(Row)
    again = {name: made.excluded[name] for name in _wanted(wishes[0])}
    made = made.on_conflict_do_update(index_elements=["item_id", "target"], set_=again)
    new = {"objects": [], "document": {}, "extra": {}, "state": {}, "flaws": [],
           "created_at": now()}  # fmt: skip
    s.execute(made, [
        {"item_id": wish.item_id, "target": wish.target, **new, **_wanted(wish)} for wish in wishes
    ])  # fmt: skip


def _wanted(wish: Wish) -> dict[str, Any]:
    return {
        "status": PublicationStatus.SCHEDULED.value, "kind": wish.kind, "title": wish.title,
        "due_at": wish.due_at, "made_by": wish.made_by, "forced": wish.forced, "tries": 0,
        "error": None, "wanted_at": now(),
    }  # fmt: skip


def get(s: Session, publication_id: int) -> Row:
    """The publication of this number.

    Raises:
        UsageError: there is none.
    """
    is_one = 0 < publication_id <= MOST_NUMBER
    row = s.get(Row, publication_id, populate_existing=True) if is_one else None
    if row is None:
        raise UsageError(
            f"There is no publication {publication_id}. `nightshift publications list` has all."
        )
    return row


def of_items(s: Session, item_ids: Collection[str], targets: Collection[str] = ()) -> list[Row]:
    """The publications of items, at these targets or at all."""
    found: list[Row] = []
    for chunk in chunks(list(item_ids)):
        query = select(Row).where(Row.item_id.in_(chunk))
        query = query.where(Row.target.in_(targets)) if targets else query
        found += s.scalars(query.order_by(Row.id))
    return found


def there_or_due(s: Session, item_id: str) -> list[Row]:
    """What lies at targets of an item, or is under way there, or scheduled."""
    return [
        row for row in of_items(s, [item_id]) if row.status != PublicationStatus.RETRACTED.value
    ]


def listed(
    s: Session, target: str | None = None, status: str | None = None, after: int = 0,
    limit: int | None = None,
) -> Sequence[Row]:  # fmt: skip
    """Publications by their number, from one on, without what lies there."""
    long = (defer(one, raiseload=True) for one in (Row.objects, Row.state, Row.extra))
    query = select(Row).where(Row.id > after).order_by(Row.id).options(*long)
    query = query.where(Row.target == target) if target else query
    query = query.where(Row.status == status) if status else query
    return s.scalars(query.limit(limit) if limit else query).all()


def untidy(s: Session) -> list[int]:
    """What is published and has files at its target that belong to it no more."""
    query = select(Row.id).where(
        Row.status == PublicationStatus.PUBLISHED.value,
        cast(Row.state, Text) != "{}",
        _is_free(s),
    )
    return list(s.scalars(query.order_by(Row.id)))


def id_like(s: Session, beginning: str) -> str | None:
    """The id of the one item with publications whose id begins so; None if there is none."""
    if len(beginning) < 4 or set(beginning.lower()) - set("0123456789abcdef"):
        return None
    query = select(Row.item_id).where(Row.item_id.startswith(beginning.lower())).distinct()
    found = s.scalars(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def first_published(s: Session, item_id: str) -> datetime | None:
    """Since when an item is published anywhere; None where it is not."""
    return s.scalar(
        select(func.min(Row.published_at)).where(Row.item_id == item_id, Row.address.is_not(None))
    )


def due(
    s: Session, targets: Collection[str] | None = None, item_ids: Collection[str] | None = None
) -> list[int]:
    """What is to be gone on with now and nobody is at, in the order in which it was due.

    What waits until its item may be published, and has said so, is taken again once it may.
    """
    may_not = exists().where(Item.id == Row.item_id, not_(publishable.is_publishable()))
    waits = may_not & Row.forced.is_(None) & Row.error.is_not(None)
    query = select(Row.id).where(
        Row.status.in_(_OPEN),
        Row.due_at <= now(),
        Row.tries < MOST_TRIES,
        or_(Row.status == PublicationStatus.RETRACTING.value, not_(waits)),
        _is_free(s),
    )
    if targets is not None:
        query = query.where(Row.target.in_(targets))
    query = query.order_by(Row.due_at, Row.id)
    if item_ids is None:
        return list(s.scalars(query))
    parts = chunks(sorted(item_ids))
    return [one for part in parts for one in s.scalars(query.where(Row.item_id.in_(part)))]


def is_due(row: Row) -> bool:
    """True if it is to be gone on with now: nobody has settled it, or put it off, meanwhile."""
    return row.status in _OPEN and row.due_at <= now()


def revive(s: Session, publication_id: int) -> None:
    """Let what failed be gone on with at once, whatever its tries; nothing where somebody is at it.

    Raises:
        UsageError: there is none, or it did not fail.
    """
    row = get(s, publication_id)
    if row.status not in _FAILED:
        raise UsageError(
            f"Publication {publication_id} ({row.title} at {row.target}) did not fail: "
            f"it is {row.status}. `nightshift publish` publishes it, `unpublish` takes it back."
        )
    s.execute(
        update(Row)
        .where(Row.id == publication_id, Row.status.in_(_FAILED), _is_free(s))
        .values(tries=0, due_at=now())
    )


def give_up(s: Session) -> None:
    """Count as failed what its process did not survive, so often that it is tried no more."""
    killed = f"The process that published it was killed, {MOST_TRIES} times: it is tried no more."
    s.execute(
        update(Row)
        .where(
            Row.status == PublicationStatus.PUBLISHING.value, Row.tries >= MOST_TRIES, _is_free(s)
        )
        .values(status=PublicationStatus.FAILED.value, error=killed)
    )


def claim(s: Session, worker: str, publication_id: int) -> Row | None:
    """Take a publication for ``worker``; None where a living one is at it, or it is gone."""
    if not 0 < publication_id <= MOST_NUMBER:
        return None
    taken = s.scalars(
        update(Row)
        .where(Row.id == publication_id, _is_free(s))
        .values(claimed_by=worker)
        .returning(Row.id)
        .execution_options(synchronize_session=False)
    ).first()
    return get(s, publication_id) if taken else None


def begin_retraction(s: Session, worker: str, publication_id: int) -> bool:
    """Take a publication that is to be taken back; False where a living worker is at it."""
    row = claim(s, worker, publication_id)
    retracting = PublicationStatus.RETRACTING.value
    return row is not None and change(
        s, worker, publication_id, status=retracting, due_at=now(), tries=0
    )


def _is_free(s: Session) -> ColumnElement[bool]:
    return or_(Row.claimed_by.is_(None), Row.claimed_by.not_in(workers.alive(s)))


def change(s: Session, worker: str, publication_id: int, **values: Any) -> bool:
    """Change what ``worker`` has claimed; False where it is not its own any more."""
    changed = s.scalars(
        update(Row)
        .where(Row.id == publication_id, Row.claimed_by == worker)
        .values(**words.clean_within(values))
        .returning(Row.id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None


class Placed(NamedTuple):
    """What was published: the package, what the target made of it, their keys.

    ``seen_at``: when the package was begun to be made. ``stale``: files that lay there before and
    are no part of it; they are to be taken away.
    """

    package: Package
    made: Published
    package_key: str
    target_key: str
    seen_at: datetime
    stale: tuple[PublishedObject, ...] = ()


def settle_published(s: Session, worker: str, row: Row, placed: Placed) -> bool:
    """It lies there now."""
    package, made = placed.package, placed.made
    stale = [one.model_dump(mode="json") for one in placed.stale]
    document = package.model_dump(mode="json")
    for segment in document["segments"]:  # indexes need no times of words
        segment["words"] = []
    return change(
        s, worker, row.id,
        status=PublicationStatus.PUBLISHED.value, claimed_by=None, package_key=placed.package_key,
        target_key=placed.target_key, title=package.title, address=made.address,
        remote_id=made.remote_id, extra=made.extra, document=document,
        objects=[one.model_dump(mode="json") for one in made.objects],
        state={"files": stale} if stale else {}, tries=0, error=None, flaws=[],
        compared_at=placed.seen_at,
        published_at=row.published_at if row.address and row.published_at else now(),
        verified_at=None, retracted_at=None,
    )  # fmt: skip


def settle_unchanged(
    s: Session, worker: str, row: Row, keys: tuple[str, str], seen_at: datetime
) -> bool:
    """What would be published lies there already; ``keys`` of the package and the target now."""
    return change(
        s, worker, row.id, status=PublicationStatus.PUBLISHED.value, claimed_by=None, tries=0,
        error=None, package_key=keys[0], target_key=keys[1], compared_at=seen_at,
    )  # fmt: skip


def settle_retracted(s: Session, worker: str, row: Row) -> bool:
    """Nothing of it lies there any more."""
    return change(
        s, worker, row.id,
        status=PublicationStatus.RETRACTED.value, claimed_by=None, address=None, remote_id=None,
        objects=[], extra={}, document={}, state={}, package_key=None, target_key=None, tries=0,
        error=None, flaws=[], retracted_at=now(),
    )  # fmt: skip


def settle_failed(
    s: Session, worker: str, row: Row, status: PublicationStatus, error: str, due_at: datetime,
    tries: int,
) -> bool:  # fmt: skip
    """It did not come about, and why; when it is tried again."""
    return change(
        s, worker, row.id, status=status.value, claimed_by=None, error=error, due_at=due_at,
        tries=tries,
    )  # fmt: skip


def free_abandoned(s: Session, gone: Collection[str]) -> None:
    """Give back what dead workers had."""
    s.execute(update(Row).where(Row.claimed_by.in_(gone)).values(claimed_by=None))


def release_all(s: Session, worker: str) -> None:
    """Give back what ``worker`` has and did not settle; it is due at once."""
    s.execute(update(Row).where(Row.claimed_by == worker).values(claimed_by=None))


def published(row: Row) -> Published:
    """What a target made of it, with what an interrupted call may have put there."""
    lies = [PublishedObject.model_validate(one) for one in row.objects or ()]
    names = {one.name for one in lies}
    begun = [PublishedObject.model_validate(one) for one in (row.state or {}).get("files", ())]
    lies += {one.name: one for one in begun if one.name not in names}.values()
    return Published(
        address=row.address or "", objects=tuple(lies), remote_id=row.remote_id,
        extra=row.extra or {},
    )  # fmt: skip
