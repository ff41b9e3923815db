"""Progress as server-sent events: of everything, of a run, of an item; from the database."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as in_thread

from nightshift.api import streaming
from nightshift.api.access import Reader
from nightshift.api.streaming import LastEventId, Polled, Seconds
from utils.db import items, runs
from utils.db.events import Which
from utils.db.session import session
from utils.observability import events
from utils.observability.events import Place

router = APIRouter(tags=["events"])

_HORIZON = events.Horizon()
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `run`, `step` and `item`, their data as JSON; comments between.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "It was over at the last event."},
}


@router.get("/events", response_class=Response, responses=_EVENTS)
async def everything(
    request: Request, _caller: Reader, last_event_id: LastEventId = None, seconds: Seconds = None
) -> Response:
    """Follow all runs: what begins and ends from now on."""
    return await _stream(request, Which(), last_event_id, seconds)


@router.get("/runs/{wanted}/events", response_class=Response, responses=_EVENTS)
async def of_run(
    wanted: str,
    request: Request,
    _caller: Reader,
    last_event_id: LastEventId = None,
    seconds: Seconds = None,
) -> Response:
    """Follow a run from its beginning to its end."""
    return await _stream(
        request, Which(run_id=await in_thread(_run, wanted)), last_event_id, seconds
    )


@router.get("/items/{wanted}/events", response_class=Response, responses=_EVENTS)
async def of_item(
    wanted: str,
    request: Request,
    _caller: Reader,
    last_event_id: LastEventId = None,
    seconds: Seconds = None,
) -> Response:
    """Follow an item: its steps since it is known, and what runs say of it."""
    return await _stream(
        request, Which(item_id=await in_thread(_item, wanted)), last_event_id, seconds
    )


async def _stream(
    request: Request, which: Which, last: str | None, seconds: float | None
) -> Response:
    known = events.read(last) if last else None  # what is no place of ours begins anew
    if known and known.is_over:
        return streaming.nothing_more()

    def poll(place: str | None) -> Polled:
        with session() as s:
            at = events.read(place) if place else None
            if at is None:
                at = Place() if any(which) else events.now_at(s)
            page = events.since(s, at, which, _HORIZON)
        told = [streaming.Event(str(one.place), one.name, one.data) for one in page.events]
        return Polled(told, str(page.place), page.place.is_over, page.has_more)

    key = f"run {which.run_id} item {which.item_id}"
    return await streaming.stream(request, key, poll, str(known) if known else None, seconds)


def _run(wanted: str) -> str:
    with session() as s:
        return runs.find(s, wanted).id


def _item(wanted: str) -> str:
    with session() as s:
        return items.find(s, wanted).id
