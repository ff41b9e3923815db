"""The review queue: what waits for a person's decision, one item after the other."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from nightshift.pages import places, review_queue
from nightshift.pages.login import ours
from nightshift.pages.rendering import is_part, page
from nightshift.pages.review_queue import Queue
from nightshift.pages.viewer import Editing, Reading, Viewer
from utils.config import Settings
from utils.critic import critic, decisions, memory
from utils.critic.decisions import Wanted
from utils.db import items, reviews
from utils.db.review_tables import ReviewRow
from utils.db.reviews import ReviewDecision
from utils.db.schema import Item
from utils.db.session import session
from utils.documents import review as documents
from utils.documents import review_case
from utils.errors import UsageError
from utils.models.approval import Change
from utils.privacy.redaction import shown_within

router = APIRouter()

_DECISIONS = get_args(ReviewDecision)
_REASONS = 6  # that are offered again
_DECISIONS_A_PAGE = 50
_OPTION = "option:"  # before the name of an option of the pipeline, in the form of a revision


@router.get("/review")
def show(
    request: Request, viewer: Reading, done: Annotated[int | None, Query(ge=1, lt=2**63)] = None
) -> Response:
    """The queue, with the item that is asked for, or the first; ``done`` is told as decided."""
    queue = review_queue.asked(request)
    with session() as s:
        rows = queue.rows(s)
        ids = [row.item_id for row in rows]
        row = _open(s, queue, ids)
        at = ids.index(row.id) if row is not None and row.id in ids else None
        return page(
            request,
            "review.html.j2",
            viewer,
            queue=queue,
            rows=shown_within([one._asdict() for one in rows]),
            left=queue.left(s, rows),
            previous=ids[at - 1] if at else None,
            following=next(iter(ids[at + 1 :]), None) if at is not None else None,
            done=_told(s, done) if done else None,
            **_case(s, row),
        )


@router.get("/review/items/{item_id}")
def show_item(request: Request, item_id: str, viewer: Reading) -> Response:
    """One item of the queue, as a part of the page."""
    queue = review_queue.asked(request)
    with session() as s:
        row = items.find(s, item_id)
        return page(request, "review_case.html.j2", viewer, queue=queue, **_case(s, row))


@router.get("/review/rows")
def show_rows(request: Request, viewer: Reading) -> Response:
    """The rows of the list around an item, as a part of the page."""
    queue = review_queue.asked(request)
    with session() as s:
        rows = shown_within([one._asdict() for one in queue.rows(s)])
        at = queue.at
        return page(request, "review_rows.html.j2", viewer, queue=queue, rows=rows, open_id=at)


@router.get("/review/history")
def show_history(
    request: Request,
    viewer: Reading,
    decision: str = "",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """What people decided, the last first."""
    if decision and decision not in _DECISIONS:
        raise HTTPException(422)
    with session() as s:
        found = reviews.latest(s, decision or None, _DECISIONS_A_PAGE, offset)
        rows = shown_within([documents.decision(row, title) for row, title in found])
        total = reviews.count(s, decision or None)
    return page(
        request, "review_history.html.j2", viewer, rows=rows, total=total, decision=decision,
        offset=offset, size=_DECISIONS_A_PAGE,
    )  # fmt: skip


async def _given(request: Request) -> FormData:
    return await request.form()


@router.post("/items/{item_id}/review")
def decide(
    request: Request,
    item_id: str,
    viewer: Editing,
    form: Annotated[FormData, Depends(_given)],
    later: BackgroundTasks,
) -> Response:
    """Keep a person's decision; the critic's memory of it is written when that is answered.

    Fields: ``decision``; ``reason``; ``seen`` (how the item stood); of a revision ``change``
    (numbers of what the critic asks for), ``option:NAME`` and ``more`` (lines NAME=VALUE); ``next``
    (an address of ours).
    """
    settings: Settings = request.app.state.settings
    decision = _text(form, "decision")
    if decision not in _DECISIONS:
        raise HTTPException(422)
    with session() as s:
        row = decisions.found(s, item_id)
        found, changes = row.id, _changes(s, row, form) if decision == "revise" else {}
    wanted = Wanted(decision, _text(form, "reason"), changes, _text(form, "seen") or None)  # type: ignore[arg-type]
    number = decisions.keep(found, wanted, viewer.person.name or None, settings)
    request.state.audit = (f"review.{decision}", found, {"review": number})
    if critic.engine(settings.pipeline.critic, settings):  # one set later finds them by itself
        later.add_task(decisions.remember, [number], settings)
    return _answer(request, viewer, number, _text(form, "next"))


@router.post("/reviews/{number}/undo")
def undo(
    request: Request,
    number: int,
    viewer: Editing,
    form: Annotated[FormData, Depends(_given)],
    later: BackgroundTasks,
) -> Response:
    """Take a decision back; its item is shown again, unless the form names another page."""
    settings: Settings = request.app.state.settings
    if not 0 < number < 2**63:
        raise UsageError(f"There is no decision {number}.")
    decisions.take_back(number)
    request.state.audit = ("review.undo", str(number), {})
    if critic.engine(settings.pipeline.critic, settings):
        later.add_task(memory.forget, number, settings)
    return _answer(request, viewer, number, _text(form, "next"))


def _open(s: Session, queue: Queue, ids: list[str]) -> Item | None:
    """The item that is to be shown: the one asked for, else the first of the queue."""
    if queue.at is not None:
        return items.find(s, queue.at)
    return s.get(Item, ids[0]) if ids else None


def _case(s: Session, row: Item | None) -> dict[str, Any]:
    if row is None:
        return {"case": None, "reasons": {}}
    told = {one: reviews.recent_reasons(s, one, _REASONS) for one in ("reject", "revise")}
    return {"case": shown_within(review_case.of_item(s, row)), "reasons": told}


def _changes(s: Session, row: Item, form: FormData) -> dict[str, Any]:
    """What a revision asks for: picked of the critic's changes, chosen, or written."""
    judged = documents.approval(s, row) or {}
    offered = [Change.model_validate(one) for one in judged.get("changes", ())]
    numbers = [int(one) for one in map(str, form.getlist("change")) if one.isdecimal()]
    chosen = {
        name.removeprefix(_OPTION): str(value).strip()
        for name, value in form.multi_items()
        if name.startswith(_OPTION) and str(value).strip()
    }
    written = [line for line in _text(form, "more").splitlines() if line.strip()]
    return decisions.picked(offered, numbers) | chosen | decisions.from_words(written)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _told(s: Session, number: int) -> dict[str, Any] | None:
    """A decision with its item's title, and what the item is now; None if it is not there."""
    if not reviews.is_there(s, number):
        return None
    row = s.get_one(ReviewRow, number)
    item = s.get_one(Item, row.item_id)
    more = {"status": item.status, "waits": reviews.is_waiting(item)}
    told: dict[str, Any] = shown_within(documents.decision(row, item.title) | more)
    return told


def _answer(request: Request, viewer: Viewer, number: int, next_: str) -> Response:
    """What was decided, as a message; without scripts the next item, which says it above."""
    with session() as s:
        done = _told(s, number)
    assert done is not None
    if is_part(request):
        return page(request, "review_done.html.j2", viewer, done=done)
    place = next_ or "/review"
    if places.is_page(place, "/review"):
        at = done["item_id"] if done["undone_at"] else None
        place = places.with_query(place, done=number, at=at)
    return RedirectResponse(ours(request, place), 303)
