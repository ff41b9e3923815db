"""What waits for a person, and what people decide of it, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from pydantic import Field

from nightshift.api.access import Reader, Writer
from nightshift.api.listing import MOST, Filters, ItemId
from nightshift.api.problems import problem
from utils.critic import decisions
from utils.db import items, reviews
from utils.db.review_tables import ReviewRow
from utils.db.session import session
from utils.documents import review as documents
from utils.errors import PermanentError
from utils.models.approval import ApprovalStatus
from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.models.verdict import Band
from utils.privacy.redaction import shown_within

router = APIRouter(tags=["reviews"])

ReviewId = Annotated[int, InPath(ge=1, le=2**63 - 1, description="The decision's number.")]
Decision = Literal["accept", "reject", "revise"]
Value = str | int | float | bool | list[str] | None


class WaitingItem(Frozen):
    """An item that waits for a person's decision."""

    item_id: str
    title: str
    kind: MediaKind
    duration_seconds: float | None
    language: str | None
    verdict: Band | None
    score: float | None = Field(description="Of rules and critic together.")
    reason: str | None = Field(description="Why it waits.")
    summary: str | None
    processed_at: datetime | None


class Waiting(Frozen):
    """Some of what waits, what waits longest first, and how much of it there is."""

    items: tuple[WaitingItem, ...]
    total: int


class WaitingQuery(Filters):
    """Which part of what waits."""

    limit: int = Field(50, ge=1, le=MOST)
    offset: int = Field(0, ge=0, le=1_000_000)


class Wanted(Frozen):
    """What a person decides."""

    decision: Decision
    reason: str | None = Field(None, max_length=decisions.MAX_REASON)
    changes: dict[Annotated[str, Field(max_length=100)], Value] = Field(
        default_factory=dict,
        max_length=50,
        description="Of a revision: options of the pipeline, such as transcription.model: small.",
    )


class Review(Frozen):
    """A decision of a person, and who made it."""

    review_id: int
    item_id: str
    decision: Decision
    reason: str | None
    changes: dict[str, Any]
    made_by: str | None
    made_at: datetime
    undone_at: datetime | None
    former_status: ApprovalStatus | None = Field(description="The approval that stood before.")
    in_words: str


class Reviewed(Review):
    """A decision, and whether its item may be published now."""

    approval: ApprovalStatus | None


class ItemReviews(Frozen):
    """Whether an item may be published, and all decisions on it, the last first."""

    item_id: str
    approval: dict[str, Any] | None
    reviews: tuple[Review, ...]


@router.get("/reviews")
def list_waiting(wanted: Annotated[WaitingQuery, Query()], _caller: Reader) -> Waiting:
    """List what waits for a person's decision, what waits longest first."""
    chosen = wanted.chosen()
    with session() as s:
        rows = documents.waiting(reviews.waiting(s, chosen, wanted.limit, wanted.offset))
        total = reviews.count_waiting(s, chosen)
    return Waiting(items=tuple(WaitingItem(**shown_within(row)) for row in rows), total=total)


@router.get("/items/{item_id}/reviews")
def list_reviews(item_id: ItemId, _caller: Reader) -> ItemReviews:
    """List what people decided of an item, and say whether it may be published."""
    with session() as s:
        item = items.find(s, item_id)
        return ItemReviews(
            item_id=item.id,
            approval=shown_within(documents.approval(s, item)),
            reviews=tuple(_review(row) for row in reviews.of_item(s, item.id)),
        )


@router.post("/items/{item_id}/review")
def review_item(request: Request, item_id: ItemId, given: Wanted, caller: Writer) -> Reviewed:
    """Decide of an item; a revision has it done again with other options.

    409 while a run works on it, where it is decided so already, and where a revision asks for what
    is no option.
    """
    with session() as s:
        found, by = decisions.found(s, item_id).id, caller.name
    wanted = decisions.Wanted(given.decision, given.reason, given.changes)
    try:
        review_id = decisions.decide(found, wanted, by, request.app.state.settings)
    except PermanentError as error:
        raise problem(409, "Conflict", str(error)) from error
    return _reviewed(review_id)


@router.delete("/reviews/{review_id}")
def undo_review(request: Request, review_id: ReviewId, _caller: Writer) -> Reviewed:
    """Take a decision back; 404 where there is none, 409 where it was undone already."""
    with session() as s:
        if not reviews.is_there(s, review_id):
            raise problem(404, "Not Found", f"There is no decision {review_id}.")
    try:
        decisions.undo(review_id, request.app.state.settings)
    except PermanentError as error:
        raise problem(409, "Conflict", str(error)) from error
    return _reviewed(review_id)


def _reviewed(review_id: int) -> Reviewed:
    with session() as s:
        row = s.get_one(ReviewRow, review_id)
        status = items.find(s, row.item_id).approval
        return Reviewed(**_review(row).model_dump(), approval=status)


def _review(row: ReviewRow) -> Review:
    return Review(**shown_within(documents.decision(row)))
