"""What people decide of items: kept, undone, and what of it holds now.

A person's decision stands above what rules and critic say, until it is undone or the item is done
again as a person asked. Each is one transaction that takes the item's row first: of two at once
the second sees what the first did, and what a run has claimed is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, null, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import approvals, ledger, library, rulings
from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.errors import PermanentError, UsageError
from utils.models.approval import Approval, ApprovalStatus
from utils.models.item import ItemStatus
from utils.models.sanitize import visible
from utils.models.search import SearchFilters

ReviewDecision = Literal["accept", "reject", "revise"]

DONE_WORDS = {"accept": "accepted", "reject": "rejected", "revise": "to be revised"}
_SETTLED = (ItemStatus.DONE.value, ItemStatus.DEFERRED.value)
# Why nothing can be decided of an item, by its status.
_NOTHING_TO_DECIDE = {
    ItemStatus.FAILED.value: "failed. `nightshift failures` says why, and what to do",
    ItemStatus.QUARANTINED.value: "failed. `nightshift failures` says why, and what to do",
    ItemStatus.SKIPPED.value: "is left out by a rule: `nightshift rules test` says which",
    ItemStatus.SUPERSEDED.value: "is an older version of a file that has changed since",
}


def decide(
    s: Session,
    item_id: str,
    decision: ReviewDecision,
    reason: str | None,
    changes: Mapping[str, Any],
    snapshot: Mapping[str, Any],
    made_by: str | None,
) -> ReviewRow:
    """Keep what a person decides of an item; what is to be revised waits to be done again.

    Args:
        s: The session.
        item_id: The item.
        decision: What is decided.
        reason: Why, in a person's words.
        changes: Options of the pipeline that a revision asks for, by names with dots.
        snapshot: What was known of the item (``ReviewSnapshot``).
        made_by: Who decides.

    Raises:
        PermanentError: a run works on the item, nothing can be decided of it, or it is decided so.
    """
    item = taken(s, item_id)
    _require_decidable(s, item, decision)
    review = ReviewRow(
        item_id=item_id,
        decision=decision,
        reason=reason,
        changes=dict(changes),
        snapshot=dict(snapshot),
        former_status=item.approval,
        made_by=made_by,
        made_at=now(),
    )
    s.add(review)
    s.flush()
    _hold(s, item)
    if decision == "revise":
        review.former_item = _place_of(item)
        _have_done_again(item, review.made_at)
    return review


def undo(s: Session, review_id: int) -> ReviewRow:
    """Take a decision back: what stood before it holds again, or what was found since.

    Where it was a revision, the item waits to be done again with the options of before; if no run
    came to it yet it is where it was.

    Raises:
        UsageError: there is no such decision.
        PermanentError: it was undone already, or a run works on the item.
    """
    review = s.get(ReviewRow, review_id)
    if review is None:
        raise UsageError(f"There is no decision {review_id}: `nightshift review history` has them.")
    item = taken(s, review.item_id)
    s.refresh(review)
    if review.undone_at is not None:
        raise PermanentError(
            f"Decision {review_id} was undone already, on {_day(review.undone_at)}."
        )
    review.undone_at = now()
    s.flush()
    _hold(s, item)
    if review.decision == "revise" and not _is_back_in_place(item, review):
        _have_done_again(item, review.undone_at)
    return review


def taken(s: Session, item_id: str) -> Item:
    """The item, which nobody changes until the transaction ends.

    Raises:
        UsageError: it is not there (any more).
        PermanentError: a run works on it.
    """
    free = (Item.id == item_id, Item.claimed_by.is_(None))
    ours = s.scalars(
        update(Item).where(*free).values(claimed_by=None).returning(Item.id)
        .execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    item = s.get(Item, item_id, populate_existing=True)
    if item is None:
        raise UsageError(f"There is no item {item_id[:10]} (any more): `nightshift items`.")
    if not ours:
        raise PermanentError(
            f"A run is working on {visible(item.title)}. Decide when it is through."
        )
    return item


def last_decision(s: Session, item_id: str) -> ReviewRow | None:
    """The last decision on an item that is not undone."""
    return s.scalars(_not_undone(item_id).order_by(ReviewRow.id.desc()).limit(1)).first()


def is_there(s: Session, review_id: int) -> bool:
    """True if there is such a decision."""
    return review_id < 2**63 and s.get(ReviewRow, review_id) is not None


def of_item(s: Session, item_id: str) -> Sequence[ReviewRow]:
    """All decisions on an item, the last first; also those that were undone."""
    return s.scalars(
        select(ReviewRow).where(ReviewRow.item_id == item_id).order_by(ReviewRow.id.desc())
    ).all()


def requested_changes(s: Session, item_id: str) -> dict[str, Any]:
    """The options that people asked for in the revisions that stand; of two the later one."""
    return dict(s.scalar(select(Item.requested_changes).where(Item.id == item_id)) or {})


def waiting(
    s: Session, filters: SearchFilters, limit: int | None = None, offset: int = 0
) -> Sequence[Item]:
    """Items that wait for a person's decision, those that wait longest first."""
    query = select(Item).where(*waits(filters)).order_by(Item.processed_at, Item.id)
    return s.scalars(query.offset(offset).limit(limit)).all()


def waiting_ids(s: Session, filters: SearchFilters) -> Sequence[str]:
    """Their ids alone, in the same order."""
    query = select(Item.id).where(*waits(filters)).order_by(Item.processed_at, Item.id)
    return s.scalars(query).all()


def count_waiting(s: Session, filters: SearchFilters) -> int:
    """How many items wait for a person's decision."""
    return s.scalar(select(func.count()).select_from(Item).where(*waits(filters))) or 0


def latest(
    s: Session, decision: str | None, limit: int, offset: int = 0, item_id: str | None = None
) -> Sequence[tuple[ReviewRow, str]]:
    """Decisions on all items, or one, with the items' titles, the last first."""
    query = _of_decision(select(ReviewRow, Item.title).join(Item), decision, item_id)
    rows = s.execute(query.order_by(ReviewRow.id.desc()).offset(offset).limit(limit))
    return [(review, title) for review, title in rows]


def count(s: Session, decision: str | None, item_id: str | None = None) -> int:
    """How many decisions there are, on all items or one."""
    query = _of_decision(select(func.count()).select_from(ReviewRow), decision, item_id)
    return s.scalar(query) or 0


def recent_reasons(s: Session, decision: str, limit: int) -> list[str]:
    """Reasons that people gave for such a decision, the last first, each once."""
    last = func.max(ReviewRow.id)
    query = select(ReviewRow.reason).where(
        ReviewRow.decision == decision, ReviewRow.reason.is_not(None)
    )
    rows = s.scalars(query.group_by(ReviewRow.reason).order_by(last.desc()).limit(limit))
    return [reason for reason in rows if reason]


def is_waiting(item: Any) -> bool:
    """True if an item waits for a person's decision; ``item`` has the columns that say so."""
    is_settled = item.status in _SETTLED and item.claimed_by is None
    return item.approval == ApprovalStatus.REVIEW.value and is_settled


def is_due(item: Item, last: ReviewRow | None) -> bool:
    """True if the item was not done again yet since a person asked for a revision."""
    return (
        last is not None
        and last.decision == "revise"
        and (item.processed_at is None or item.processed_at < last.made_at)
    )


def _require_decidable(s: Session, item: Item, decision: str) -> None:
    title, last = visible(item.title), last_decision(s, item.id)
    if why := _NOTHING_TO_DECIDE.get(item.status):
        raise PermanentError(f"{title} {why}: there is nothing to decide.")
    if item.processed_at is None:
        raise PermanentError(
            f"{title} was not worked on yet. `nightshift night` does; decide after that."
        )
    if last is None or decision == "revise":
        return
    said = _said(last)
    if is_due(item, last):
        raise PermanentError(
            f"{title} was {said}, and waits to be done again. Decide after that, or take it back: "
            f"nightshift review undo {last.id}"
        )
    if last.decision == decision:
        raise PermanentError(
            f"{title} was {said} already. To decide anew: nightshift review undo {last.id}"
        )


def _hold(s: Session, item: Item) -> None:
    """Have the item say what holds now: of the decisions that stand, or of rules and critic."""
    last = last_decision(s, item.id)
    by_person = approvals.decided_by_person(s, item.id)
    item.requested_changes = _requested(s, item.id) or null()
    if last is not None and (by_person is not None or is_due(item, last)):
        item.approval = (by_person or ApprovalStatus.REVIEW).value
        item.approval_reason = in_words(last)
        s.flush()
        return
    found = ledger.latest_result(s, item.id, "decide_approval", Approval)
    item.approval = found.status.value if found else _before_people(s, item.id)
    item.approval_reason = found.reason if found else None
    s.flush()


def in_words(review: ReviewRow) -> str:
    """Who decided what and when, and why: ``accepted by ann on 2026-11-26: well told``."""
    changes = ", ".join(f"{name}={value}" for name, value in review.changes.items())
    words = _said(review)
    words += f" for {changes}" if changes else ""
    return words + (f": {review.reason}" if review.reason else "")


def _before_people(s: Session, item_id: str) -> str | None:
    """What stood before anybody decided: for items whose results are no longer there."""
    first = select(ReviewRow.former_status).where(ReviewRow.item_id == item_id)
    return s.scalars(first.order_by(ReviewRow.id).limit(1)).first()


def _requested(s: Session, item_id: str) -> dict[str, Any]:
    revisions = _not_undone(item_id).where(ReviewRow.decision == "revise").order_by(ReviewRow.id)
    found: dict[str, Any] = {}
    for review in s.scalars(revisions):
        found |= review.changes
    return found


def _have_done_again(item: Item, at: datetime) -> None:
    """The next run takes it, first of all."""
    rulings.have_done_again(item)
    item.requested_at = at


def _place_of(item: Item) -> dict[str, Any]:
    """Where an item stands in the queue, and what the rules made of it then."""
    asked = item.requested_at
    return {
        "status": item.status,
        "requested_at": asked.isoformat() if asked else None,
        "rules": _effects(item),
    }


def _is_back_in_place(item: Item, review: ReviewRow) -> bool:
    """Put an item back where it stood before a revision that no run has come to.

    False where something else happened since: a run, a request, other rules.
    """
    former = review.former_item
    was_run = item.processed_at is not None and item.processed_at >= review.made_at
    is_as_left = item.status == ItemStatus.PENDING.value and item.requested_at == review.made_at
    if former is None or was_run or not is_as_left or former["rules"] != _effects(item):
        return False
    asked = former["requested_at"]
    item.status = former["status"]
    item.requested_at = datetime.fromisoformat(asked) if asked else None
    return True


def _effects(item: Item) -> list[Any]:
    """What the rules change of an item's results."""
    decided = (item.ruling or {}).get("decision", {})
    return [decided.get("changes") or {}, bool(decided.get("skipped_by"))]


def _not_undone(item_id: str) -> Select[tuple[ReviewRow]]:
    return select(ReviewRow).where(ReviewRow.item_id == item_id, ReviewRow.undone_at.is_(None))


def waits(filters: SearchFilters) -> list[Any]:
    """What a row of ``items`` must be to wait for a person's decision."""
    wanted = filters.model_copy(update={"approval": ApprovalStatus.REVIEW})
    return [
        *library.conditions(wanted), Item.status.in_(_SETTLED), Item.claimed_by.is_(None),
    ]  # fmt: skip


def _of_decision(query: Any, decision: str | None, item_id: str | None) -> Any:
    if item_id:
        query = query.where(ReviewRow.item_id == item_id)
    return query.where(ReviewRow.decision == decision) if decision else query


def _said(review: ReviewRow) -> str:
    by = visible(review.made_by or "somebody")
    asked = ", asked for" if review.decision == "revise" else ""
    return f"{DONE_WORDS[review.decision]}{asked} by {by} on {_day(review.made_at)}"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d}"
