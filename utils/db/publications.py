"""Publications: what is wanted at a target, under way, there, or taken back; who is at it.

All that a worker does to a row it has claimed is one ``UPDATE … WHERE claimed_by = :worker``: one
that was counted as dead, and whose row another has taken since, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from utils.clock import now
from utils.db import flags, locks, workers
from utils.db.publication_tables import PublicationRow as Row
from utils.db.schema import Item
from utils.db.session import chunks, upsert
from utils.errors import DeferredError, UsageError
from utils.models.publishing import Package, PublicationStatus, Published, PublishedObject

MOST_TRIES = 12  # of what may pass: for two days. Chosen.
_OPEN = (
    PublicationStatus.SCHEDULED, PublicationStatus.PUBLISHING, PublicationStatus.FAILED,
    PublicationStatus.RETRACTING,
)  # fmt: skip


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
    facts = {
        "status": PublicationStatus.SCHEDULED.value, "kind": wish.kind, "title": wish.title,
        "due_at": wish.due_at, "made_by": wish.made_by, "forced": wish.forced, "tries": 0,
        "error": None,
    }  # fmt: skip
    new = {"item_id": wish.item_id, "target": wish.target, "objects": [], "document": {},
           "extra": {}, "state": {}, "flaws": [], "created_at": now()}  # fmt: skip
    made = upsert(s)(Row).values(**new, **facts)
    s.execute(made.on_conflict_do_update(index_elements=["item_id", "target"], set_=facts))
    return s.scalars(
        select(Row.id).where(Row.item_id == wish.item_id, Row.target == wish.target)
    ).one()


def get(s: Session, publication_id: int) -> Row:
    """The publication of this number.

    Raises:
        UsageError: there is none.
    """
    row = s.get(Row, publication_id, populate_existing=True)
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
    """Publications by their number, from one on."""
    query = select(Row).where(Row.id > after).order_by(Row.id)
    query = query.where(Row.target == target) if target else query
    query = query.where(Row.status == status) if status else query
    return s.scalars(query.limit(limit) if limit else query).all()


def lying(s: Session, target: str) -> Sequence[Row]:
    """All that lies at a target now, with its document, the newest first.

    What is being taken back belongs to no index any more.
    """
    query = select(Row).where(*_lies(target)).options(undefer(Row.document))
    fresh = query.execution_options(populate_existing=True)
    return s.scalars(fresh.order_by(*_NEWEST)).all()


def lying_keys(s: Session, target: str) -> list[tuple[str, str, str, str]]:
    """The same by what tells whether an index is of it: item, package, moment, address."""
    facts = select(Row.item_id, Row.package_key, Row.published_at, Row.address)
    rows = s.execute(facts.where(*_lies(target)).order_by(*_NEWEST))
    return [(item_id, key, str(at), address) for item_id, key, at, address in rows]


_NEWEST = (Row.published_at.desc(), Row.id.desc())


def _lies(target: str) -> tuple[ColumnElement[bool], ...]:
    retracting = PublicationStatus.RETRACTING.value
    return Row.target == target, Row.address.is_not(None), Row.status != retracting


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


def narrowed(s: Session, ids: Sequence[int], item_ids: Collection[str]) -> list[int]:
    """Those of these publications that are of some items, in their order."""
    mine = {row.id for row in of_items(s, item_ids)}
    return [one for one in ids if one in mine]


def places(s: Session, item_ids: Collection[str]) -> dict[tuple[str, str], Row]:
    """The publications of items by item and target."""
    return {(row.item_id, row.target): row for row in of_items(s, item_ids)}


def approved(s: Session, after: str, limit: int) -> Sequence[Item]:
    """Items that may be published, by their ids, some at a time."""
    query = select(Item).where(Item.approval == "approved", Item.id > after)
    return s.scalars(query.order_by(Item.id).limit(limit)).all()


def first_published(s: Session, item_id: str) -> datetime | None:
    """Since when an item is published anywhere; None where it is not."""
    return s.scalar(
        select(func.min(Row.published_at)).where(Row.item_id == item_id, Row.address.is_not(None))
    )


def due(s: Session, targets: Collection[str] | None = None) -> list[int]:
    """What is to be gone on with now and nobody is at, in the order in which it was due."""
    query = select(Row.id).where(
        Row.status.in_([one.value for one in _OPEN]),
        Row.due_at <= now(),
        Row.tries < MOST_TRIES,
        _is_free(s),
    )
    if targets is not None:
        query = query.where(Row.target.in_(targets))
    return list(s.scalars(query.order_by(Row.due_at, Row.id)))


def claim(s: Session, worker: str, publication_id: int) -> Row | None:
    """Take a publication for ``worker``; None where a living one is at it, or it is gone."""
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
        .values(**values)
        .returning(Row.id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None


class Placed(NamedTuple):
    """What was published: the package, what the target made of it, their keys.

    ``stale``: files that lay there before and are no part of it; they are to be taken away.
    """

    package: Package
    made: Published
    package_key: str
    target_key: str
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
        state={"files": stale} if stale else {}, tries=0, error=None, flaws=[], compared_at=now(),
        published_at=row.published_at if row.address and row.published_at else now(),
        verified_at=None, retracted_at=None,
    )  # fmt: skip


def settle_unchanged(s: Session, worker: str, row: Row) -> bool:
    """What would be published lies there already."""
    return change(
        s, worker, row.id, status=PublicationStatus.PUBLISHED.value, claimed_by=None, tries=0,
        error=None, compared_at=now(),
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


def disapproved(s: Session) -> list[tuple[Row, str | None, str | None, bool]]:
    """What lies somewhere and is not approved any more: its approval now, the reason, is it known.

    What a person forced is no flaw: it was not approved then, either.
    """
    query = (
        select(Row, Item.approval, Item.approval_reason, Item.id)
        .outerjoin(Item, Item.id == Row.item_id)
        .where(
            Row.address.is_not(None),
            or_(
                Item.id.is_(None),
                Row.forced.is_(None) & (func.coalesce(Item.approval, "") != "approved"),
            ),
        )
        .order_by(Row.id)
    )
    return [(row, state, why, bool(known)) for row, state, why, known in s.execute(query)]


def changed(s: Session) -> Sequence[Row]:
    """What lies somewhere of items that were worked on since it was last compared."""
    query = (
        select(Row)
        .join(Item, Item.id == Row.item_id)
        .where(Row.address.is_not(None), Item.processed_at > Row.compared_at)
    )
    return s.scalars(query.order_by(Row.id)).all()


def damaged(s: Session) -> list[Row]:
    """What was not whole when it was last looked at where it lies."""
    looked = select(Row).where(Row.address.is_not(None), cast(Row.flaws, Text) != "[]")
    return list(s.scalars(looked.order_by(Row.id)))


def reserve_quota(s: Session, name: str, units: int, most: int) -> int:
    """Take units of what a target may use under ``name`` (its day); returns what is used then.

    Raises:
        DeferredError: they do not fit.
    """
    locks.wait_for(s, locks.PUBLISHING)
    s.execute(delete(Row).where(Row.id < 0))  # SQLite: the only writer's place, before it looks
    flag = flags.get(s, name)
    used = int(flag.value["used"]) if flag else 0
    if used + units > most:
        raise DeferredError(f"{used:,} of {most:,} units of its day are used, {units:,} are needed")
    flags.put(s, name, {"used": used + units})
    return used + units


def approval_of(s: Session, item_ids: Collection[str]) -> Mapping[str, tuple[str | None, str]]:
    """Whether items may be published, and why: by id; None where nobody has judged."""
    found: dict[str, tuple[str | None, str]] = {}
    for chunk in chunks(list(item_ids)):
        query = select(Item.id, Item.approval, Item.approval_reason).where(Item.id.in_(chunk))
        for item_id, approval, reason in s.execute(query):
            found[item_id] = (approval, reason or "")
    return found
