"""Items over HTTP: listed, shown, tried again, forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from nightshift.api.access import Admin, Reader, Writer
from nightshift.api.listing import (
    Ascending,
    Cursor,
    Filters,
    ItemId,
    Limit,
    Page,
    answer,
    page,
)
from nightshift.api.problems import in_work
from nightshift.api.read_limiter import limited_read
from utils.db import failures, items, pages
from utils.db.session import session
from utils.documents import item
from utils.housekeeping import forgetting
from utils.models.approval import ApprovalStatus
from utils.models.base import Frozen
from utils.models.item import ItemStatus, MediaKind
from utils.models.pages import ItemSort, place
from utils.models.shift import Lack
from utils.models.verdict import Band
from utils.privacy.redaction import shown_within

router = APIRouter(tags=["items"])


class ItemQuery(Filters):
    """Which items, in which order."""

    status: ItemStatus | Literal["processing"] | None = None
    approval: ApprovalStatus | None = Field(
        None, description="Whether it may be published; `review`: a person decides."
    )
    sort: Annotated[ItemSort, Ascending] = Field(
        "-added", description="`-`: the highest first. What is unknown is the lowest."
    )
    limit: Limit = 50
    cursor: Cursor = None


class ListedItem(Frozen):
    """An item as lists have it."""

    item_id: str
    title: str
    kind: MediaKind
    status: str
    size_bytes: int
    duration_seconds: float | None
    language: str | None
    verdict: Band | None
    score: float | None
    approval: ApprovalStatus | None = Field(description="Whether it may be published.")
    approval_score: float | None
    approval_reason: str | None = Field(description="Why, and who decided it if a person did.")
    summary: str | None
    source_url: str | None
    tries: int
    error_class: str | None
    error: str | None
    lacks: tuple[Lack, ...]
    added_at: datetime
    processed_at: datetime | None
    path: str | None = Field(description="Where it lies, on the server.")
    rendition: str | None = Field(description="The smaller file that was made of it.")
    work: str | None = Field(description="What it is in a work of several files.")


class ShownItem(Frozen):
    """All that is known of an item; what was not made is null or empty."""

    item: dict[str, Any]
    record: dict[str, Any]
    metadata: dict[str, Any]
    transcript: dict[str, Any] | None
    subtitles: dict[str, Any] | None
    analysis: dict[str, Any] | None
    video: dict[str, Any] | None
    duplicates: tuple[str, ...]
    work: dict[str, Any] | None
    recording: dict[str, Any] | None = Field(
        description="Which recording a song is, how that is known, and how often it was heard."
    )
    verdict: dict[str, Any] | None
    approval: dict[str, Any] | None = Field(
        description="Whether it may be published: by whom, why, and what a critic says of it."
    )
    publications: tuple[dict[str, Any], ...] = Field(
        description="Where it is published, or was, or will be."
    )
    compression: str | None
    renditions: tuple[dict[str, Any], ...]
    visuals: dict[str, Any] = Field(description="Pictures and lyric videos that were made for it.")
    steps: tuple[dict[str, Any], ...]


class Requeued(Frozen):
    """What is tried again, first of all, by the next shift."""

    requeued: tuple[str, ...]


class Forgotten(Frozen):
    """What went with an item, or would go."""

    dry_run: bool
    items: tuple[dict[str, Any], ...]
    forgotten: tuple[str, ...]
    left: tuple[str, ...] = Field(description="What could not be removed, and why.")


@router.get("/items", response_model=Page[ListedItem])
@limited_read
def list_items(
    request: Request, wanted: Annotated[ItemQuery, Query()], _caller: Reader
) -> Response:
    """List items, a page at a time; what is added meanwhile moves no item to another page."""
    after = place(wanted.cursor, wanted.sort) if wanted.cursor else None
    with session() as s:
        rows, behind = pages.items(s, wanted.chosen(), None, wanted.sort, wanted.limit, after)
        records = [_shown(one) for one in item.listed(s, rows)]
    return page(request, records, wanted.sort, behind)


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what is secret in the addresses that it may hold."""
    for name in ("source_url", "error"):
        if record[name]:
            record[name] = shown_within(record[name])
    return record


@router.get("/items/{item_id}", response_model=ShownItem)
@limited_read
def show_item(item_id: ItemId, _caller: Reader) -> Response:
    """Show all that is known of an item."""
    with session() as s:
        document = item.document(s, items.find(s, item_id))
    return answer(shown_within(document))


@router.post("/items/{item_id}/requeue")
def requeue_item(item_id: ItemId, _caller: Writer) -> Requeued:
    """Have an item be tried again, first of all; 409 while a run works on it."""
    with session() as s:
        choice = failures.Choice(ids=(items.find(s, item_id).id,))
        requeued = failures.requeue(s, choice)
    if not requeued:
        raise in_work()
    return Requeued(requeued=tuple(requeued))


class ForgetQuery(Frozen):
    """How much of an item goes."""

    files: bool = Field(False, description="The files that it is go too, where they are unchanged.")
    dry_run: bool = Field(False, description="Say what would go; change nothing.")


@router.delete("/items/{item_id}")
def forget_item(
    request: Request, item_id: ItemId, wanted: Annotated[ForgetQuery, Query()], _caller: Admin
) -> Forgotten:
    """Forget an item and all that was made of it; it is not taken in again by itself."""
    settings = request.app.state.settings
    with session() as s:
        found = items.find(s, item_id)
        if found.claimed_by is not None:
            raise in_work()
    going = forgetting.preview([found.id], settings)
    nothing = forgetting.Outcome((), ())
    done = nothing if wanted.dry_run else forgetting.forget(going, settings, wanted.files)
    return Forgotten(
        dry_run=wanted.dry_run,
        items=tuple(shown_within(item.going(one, wanted.files)) for one in going),
        forgotten=done.item_ids,
        left=done.left,
    )
