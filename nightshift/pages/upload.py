"""Files and addresses from people: sent in by the browser, and what happens to them next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

import anyio
from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from fastapi_problem.error import Problem
from starlette.concurrency import run_in_threadpool as in_thread

from deployments import nightly
from nightshift.api import audited, bodies, csrf, forms, logins
from nightshift.api import upload_states as states
from nightshift.api.bodies import CutError
from nightshift.pages.rendering import page, prefix_of
from nightshift.pages.viewer import Editing, ForbiddenError, LoginNeededError, Viewer, current
from utils.config import Settings
from utils.db import items, sources
from utils.db import uploads as rows
from utils.db.session import session
from utils.db.upload_tables import Upload
from utils.errors import NightShiftError, SettingsError
from utils.models.api import Scope
from utils.privacy.redaction import shown
from utils.processes.prefect_environment import is_served, prefect_api
from utils.sources import received
from utils.sources.received import Told
from utils.storage import uploads as partials
from utils.storage.sealing import sealed
from utils.storage.uploads import Partial

router = APIRouter()

_LATEST = 20  # uploads that are shown
_MOST_ADDRESSES = 200
_FIELD = "csrf"


class Arrived(NamedTuple):
    """A file that came whole: ``is_known`` where there is an item of it already."""

    name: str
    item_id: str | None
    is_known: bool
    was_there: bool


@router.get("/upload")
def show(request: Request, viewer: Editing, told: str = "") -> Response:
    """Where files are sent in."""
    return _shown(request, viewer, told=told)


@router.post("/upload")
async def take(request: Request) -> Response:
    """Take the files of a form, for browsers without scripts: each is written as it comes."""
    viewer = await _sender(request)
    settings: Settings = request.app.state.settings
    arrived, problem = list[Arrived | None](), ""
    try:
        states.require_allowed((bodies.declared_bytes(request) or 0) - bodies.BLOCK_BYTES, settings)
        parts = forms.parts(request)
        await _require_token(request, parts)
        audited.asks(request, viewer.actor)
        async for upload_id in _files(parts, viewer, settings):
            arrived.append(await in_thread(_arrived, upload_id, viewer))
    except Problem as error:
        problem = error.detail or error.title
    except CutError:
        problem = "cut"
    except NightShiftError as error:
        problem = str(error)
    names = [one.name for one in arrived if one]
    request.state.audit = ("POST /uploads", None, {"files": names})
    return await in_thread(_shown, request, viewer, arrived=arrived, problem=problem)


@router.get("/upload/arrived/{upload_id}")
def show_arrived(
    request: Request, viewer: Editing, upload_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
) -> Response:
    """What became of an upload that came whole, as a part of the page."""
    return page(request, "upload_arrived.html.j2", viewer, one=_arrived(upload_id, viewer))


@router.post("/upload/addresses")
def take_addresses(
    request: Request,
    viewer: Editing,
    addresses: Annotated[str, Form(max_length=100_000)] = "",
) -> Response:
    """Have a worker fetch and process what addresses hold, once."""
    settings: Settings = request.app.state.settings
    lines = list(dict.fromkeys(line.strip() for line in addresses.splitlines() if line.strip()))
    wrong = [line for line in lines if not sources.is_url(line)]
    if wrong or not lines or len(lines) > _MOST_ADDRESSES:
        problem = "too many" if len(lines) > _MOST_ADDRESSES else "no address"
        return _shown(request, viewer, problem=problem, addresses=addresses, wrong=wrong[:5])
    try:
        _begin(settings, [sealed(line, settings) for line in lines])
    except NightShiftError as error:
        return _shown(request, viewer, problem=str(error), addresses=addresses)
    request.state.audit = (
        "upload.addresses",
        None,
        {"addresses": [shown(one) for one in lines[:20]]},
    )
    return _to(request, "/upload", "fetching")


@router.post("/upload/process")
def process(request: Request, viewer: Editing) -> Response:
    """Have a worker process what lies in the inbox now, and not with the next night."""
    settings: Settings = request.app.state.settings
    _begin(settings, [str(settings.inbox)])
    request.state.audit = ("POST /shifts", "inbox", None)
    return _to(request, "/upload", "processing")


def _begin(settings: Settings, places: list[str]) -> None:
    api = prefect_api(settings)
    if api is None:
        raise SettingsError(
            "There is no Prefect server whose worker could do it: `nightshift up` starts both. On "
            "this machine, `nightshift run ADDRESS` does it at once."
        )
    nightly.start(api, {"urls": places}, name=nightly.ON_DEMAND)


async def _sender(request: Request) -> Viewer:
    """Who sends a form: as `Editing`, but for its token, which stands in the form itself."""
    viewer = await current(request)
    if viewer is None:
        raise LoginNeededError
    if Scope.WRITE not in viewer.person.scopes or not csrf.is_of_our_page(request.headers):
        raise ForbiddenError
    return viewer


async def _require_token(request: Request, parts: AsyncIterator[forms.Part]) -> None:
    """Read the first field of a form, which is the token of its page: no file stands before it."""
    first = await anext(parts, None)
    login = await logins.current(request)
    given = first.value if isinstance(first, forms.Field) and first.name == _FIELD else ""
    if login is None or not csrf.is_valid(given, login.key):
        raise ForbiddenError


async def _files(
    parts: AsyncIterator[forms.Part], viewer: Viewer, settings: Settings
) -> AsyncIterator[str]:
    """Write each file of a form into the inbox; gives the id of each upload once it is whole."""
    part = await anext(parts, None)
    while part is not None:
        if not isinstance(part, forms.File) or not part.name:  # a field that nobody filled in
            part = await anext(parts, None)
            continue
        told = Told(states.safe_name(part.name), None)
        upload_id = await in_thread(received.begin, viewer.person.id, told, settings)
        try:
            with partials.opened(settings.inbox, upload_id) as partial:
                part = await _write(parts, partial, settings)
                await in_thread(partial.keep)
                upload = await in_thread(_row, upload_id)
                await in_thread(received.finish, partial, upload, settings)
        except BaseException:  # whatever it was: what came of it can't be gone on with
            with anyio.CancelScope(shield=True):
                await in_thread(received.discard, upload_id, settings)
            raise
        yield upload_id


async def _write(
    parts: AsyncIterator[forms.Part], partial: Partial, settings: Settings
) -> forms.Part | None:
    """Write a file to its end; returns what stands behind it."""
    written = 0
    while isinstance(part := await anext(parts, None), forms.Content):
        written += len(part.data)
        states.require_allowed(written, settings)
        await in_thread(_put, part.data, partial, settings)
    return part


def _put(data: bytes, partial: Partial, settings: Settings) -> None:
    partials.require_room(settings.inbox, len(data), settings.min_free_bytes)
    partial.write(data)


def _row(upload_id: str) -> Upload:
    with session() as s:
        found = rows.find(s, upload_id, None)
    assert found is not None
    return found


def _arrived(upload_id: str, viewer: Viewer) -> Arrived | None:
    owner = None if viewer.is_admin else viewer.person.id
    with session() as s:
        row = rows.find(s, upload_id, owner)
        if row is None or not row.completed_at:
            return None
        known = bool(row.item_id and items.preload(s, [row.item_id]))
        return Arrived(row.name, row.item_id, known, row.was_there)


def _shown(
    request: Request,
    viewer: Viewer,
    *,
    told: str = "",
    arrived: list[Arrived | None] | None = None,
    problem: str = "",
    addresses: str = "",
    wrong: list[str] | None = None,
) -> Response:
    settings: Settings = request.app.state.settings
    owner = None if viewer.is_admin else viewer.person.id
    with session() as s:
        found = [row for row in rows.latest(s, owner, _LATEST) if states.is_there(row, settings)]
        known = {
            item.id for item in items.preload(s, [row.item_id for row in found if row.item_id])
        }
    return page(
        request,
        "upload.html.j2",
        viewer,
        status=422 if problem else 200,
        told=told,
        arrived=[one for one in arrived or [] if one],
        problem=problem,
        addresses=addresses,
        wrong=wrong or [],
        latest=[(states.state_of(row, settings), row.item_id in known) for row in found],
        served=is_served(settings),
        max_bytes=settings.api.max_upload_bytes,
        hours=settings.api.upload_hours,
    )


def _to(request: Request, place: str, told: str) -> Response:
    return RedirectResponse(f"{prefix_of(request)}{place}?told={told}", 303)
