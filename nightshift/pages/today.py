"""The start page: what was done, what waits for you and why, what it cost, what runs now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from nightshift.pages import shift
from nightshift.pages.answers import done
from nightshift.pages.rendering import page
from nightshift.pages.viewer import Editing, Reading
from utils.config import Settings
from utils.db import failures, saved_views, uploads
from utils.db.failures import Choice
from utils.db.session import session
from utils.documents import item_rows, morning
from utils.scheduling import in_work

router = APIRouter()


@router.get("/")
def show_today(request: Request, viewer: Reading) -> Response:
    """How things stand this morning."""
    settings: Settings = request.app.state.settings
    with session() as s:
        found = morning.of(s, settings)
        now = in_work.now_of(s, settings)
        totals = morning.totals(s, found.last.run_id) if found.last else None
        return page(
            request, "today.html.j2", viewer, morning=found, totals=totals,
            rows=item_rows.of(s, [one.id for one in found.done]),
            arrived=uploads.count_whole(s) if found.is_empty else 0,
            views=saved_views.on_start(s, viewer.user_id),
            **shift.live_context(s, now, settings),
        )  # fmt: skip


@router.post("/today/requeue")
def requeue(
    request: Request,
    viewer: Editing,
    step: Annotated[str, Form(max_length=40)],
    error: Annotated[str, Form(max_length=40)],
) -> Response:
    """Have all that failed so be tried again, first of all."""
    with session() as s:
        number = len(failures.requeue(s, Choice(step=step, error=error)))
    return done(request, viewer, "/", "requeued", number)
