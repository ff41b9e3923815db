"""The live shift: what runs, how far it is, what the next night would do; pause, start, stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.orm import Session

from deployments import cancelling, nightly
from nightshift.api import streaming
from nightshift.api.streaming import Event, LastEventId, Polled, Seconds
from nightshift.cli.server import next_look
from nightshift.pages.answers import done
from nightshift.pages.prepared import Prepared
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Editing, Reading
from utils.clock import now
from utils.config import Settings
from utils.db import flags, pages, run_history, runs
from utils.db.session import session
from utils.db.words import clean
from utils.errors import NightShiftError, SettingsError, UsageError
from utils.models.pages import cursor as cursor_of
from utils.models.pages import place
from utils.models.window import valid_window
from utils.processes.prefect_environment import is_served, prefect_api
from utils.scheduling import forecast, in_work, night_plan, remaining
from utils.scheduling.forecast import Forecast
from utils.scheduling.in_work import Now, RunInWork
from utils.scheduling.night_plan import NightPlan

router = APIRouter()

_SORT = "-started"
_RUNS = 20  # of a page of the list
_histories: Prepared[Forecast] = Prepared(600)
_plans: Prepared[NightPlan] = Prepared(60)
_ends: Prepared[float | None] = Prepared(20)
_nights: Prepared[str] = Prepared(60)


@router.get("/shift")
def show_shift(
    request: Request, viewer: Reading, cursor: Annotated[str | None, Query(max_length=2000)] = None
) -> Response:
    """What runs, and what ran."""
    settings: Settings = request.app.state.settings
    after = place(cursor, _SORT) if cursor else None
    with session() as s:
        ids, behind = pages.run_ids(s, _RUNS, after)
        context: dict[str, Any] = {
            "runs": run_history.of(s, ids),
            "behind": cursor_of(_SORT, behind) if behind else None,
            "is_first": cursor is None,
            "can_start": is_served(settings),
            **_plan_context(settings),
            **live_context(s, in_work.now_of(s, settings), settings),
        }
        return page(request, "shift.html.j2", viewer, **context)


@router.get("/shift/live")
def show_live(request: Request, viewer: Reading) -> Response:
    """How things stand, as a part of a page; `brief` in the start page's form."""
    settings: Settings = request.app.state.settings
    template = "shift_brief.html.j2" if "brief" in request.query_params else "shift_live.html.j2"
    with session() as s:
        context = live_context(s, in_work.now_of(s, settings), settings)
    return page(request, template, viewer, **context)


@router.get("/shift/plan")
def show_plan(request: Request, viewer: Reading) -> Response:
    """What the next night would do; until it is worked out the part asks again."""
    settings: Settings = request.app.state.settings
    template = "shift_plan_part.html.j2" if is_part(request) else "shift_plan.html.j2"
    return page(request, template, viewer, **_plan_context(settings))


@router.get("/shift/events")
async def follow(
    request: Request,
    _viewer: Reading,
    last_event_id: LastEventId = None,
    seconds: Seconds = None,
) -> Response:
    """Say `change` whenever something begins, ends or gets on; what it is the parts show."""

    def poll(known: str | None) -> Polled:
        with session() as s:
            mark = in_work.mark(s)
        told = [] if known in {None, mark} else [Event(mark, "change", {})]
        return Polled(told, mark, is_over=False)

    return await streaming.stream(request, "live", poll, last_event_id, seconds)


@router.post("/shift/pause")
def pause(
    request: Request, viewer: Editing, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Begin no further item in any shift until they are resumed."""
    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": clean(reason.strip()) or None})
    return done(request, viewer, "/shift", "paused")


@router.post("/shift/resume")
def resume(request: Request, viewer: Editing) -> Response:
    """Let paused shifts go on."""
    with session() as s:
        flags.remove(s, flags.PAUSED)
    return done(request, viewer, "/shift", "resumed")


@router.post("/shift/start")
def start(
    request: Request,
    viewer: Editing,
    limit: Annotated[str, Form(max_length=7, pattern=r"^\d*$")] = "",
    window: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Have a worker begin a night now."""
    settings: Settings = request.app.state.settings
    api = prefect_api(settings)
    if api is None:
        raise SettingsError(
            "There is no Prefect server to begin a shift: start one (`nightshift up`), or run "
            "`nightshift night` on the machine."
        )
    wanted: dict[str, Any] = {}
    if limit and int(limit):
        wanted["limit"] = int(limit)
    if window.strip():
        wanted["window"] = _window(window.strip())
    nightly.start(api, wanted)
    return done(request, viewer, "/shift", "started")


@router.post("/runs/{run_id}/cancel")
def cancel(request: Request, viewer: Editing, run_id: str) -> Response:
    """End a run within seconds; what it had in work goes on next time."""
    settings: Settings = request.app.state.settings
    with session() as s:
        found = runs.find(s, run_id).id
        is_running = any(one.run_id == found for one in in_work.now_of(s, settings).runs)
    if not is_running:
        raise UsageError(f"The run {found} is over already.")
    if not cancelling.cancel(settings, found):
        with session() as s:
            runs.ask_to_stop(s, found)
    return done(request, viewer, "/shift", "stopping")


def _window(text: str) -> str:
    try:
        return valid_window(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def live_context(s: Session, found: Now, settings: Settings) -> dict[str, Any]:
    """What the parts that show how things stand are given."""
    stopping = {one.run_id for one in found.runs if runs.is_asked_to_stop(s, one.run_id)}
    ends = {one.run_id: _end(one, settings) for one in found.runs}
    return {"now": found, "ends": ends, "stopping": stopping, "next_night": _next(settings)}


def _end(run: RunInWork, settings: Settings) -> Any:
    """When a run will be through; None while nobody knows."""
    history = _history(settings)
    if history is None or run.total is None:
        return None

    def make() -> float | None:
        with session() as s:
            return remaining.seconds_left(s, run, history, settings)

    left = _ends.get((settings.home, run.run_id, run.settled, run.total), make)
    return None if left is None else now() + timedelta(seconds=left)


def _history(settings: Settings) -> Forecast | None:
    def learn() -> Forecast:
        with session() as s:
            return forecast.learn(s)

    return _histories.get(settings.home, learn)


def _plan_context(settings: Settings) -> dict[str, Any]:
    def make() -> NightPlan:
        with session() as s:
            history = _history(settings) or forecast.learn(s)
            return night_plan.of_next(s, history, settings)

    plan = _plans.get(settings.home, make)
    return {
        "plan": plan,
        "is_tried": _plans.is_made(settings.home),
        "is_renewed": _plans.is_being_made(settings.home),
        "settings": settings,
        "next_night": _next(settings),
    }


def _next(settings: Settings) -> str | None:
    """When the next scheduled night begins, as far as it is known by now."""
    if not is_served(settings):
        return None

    def ask() -> str:
        try:
            return next_look(settings) or ""
        except NightShiftError:
            return ""

    return _nights.get(settings.home, ask) or None
