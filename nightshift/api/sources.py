"""Sources over HTTP: made, changed, paused, looked into now."""

from __future__ import annotations

import pathlib
from collections.abc import Set
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, ValidationError

from nightshift.api.access import Reader, Writer
from nightshift.api.problems import problem
from nightshift.api.roots import inside
from utils.config import Settings
from utils.db import run_history, source_reports, sources
from utils.db.session import session
from utils.documents import run, source
from utils.errors import NightShiftError, SettingsError, UsageError
from utils.models.base import Frozen
from utils.models.options import faults
from utils.models.source import NAME, SourceDefinition, SourceKind, Trigger
from utils.processes.prefect_environment import is_served
from utils.storage.files import is_there
from utils.storage.sealing import sealed_source

router = APIRouter(prefix="/sources", tags=["sources"])

Wanted = Annotated[str, Path(pattern=NAME, description="A source's name or id.")]
_RETRY_SECONDS = "30"


class SourceChanges(Frozen):
    """What is to change of a source; null takes a value back, what is not given stays."""

    name: str | None = Field(default=None, pattern=NAME)
    kind: SourceKind | None = None
    url: str | None = None
    pattern: str | None = None
    schedule: str | None = None
    timezone: str | None = None
    queue: str | None = None
    profile: str | None = None
    options: dict[str, Any] | None = Field(
        default=None, description="Only those that change; null takes one back."
    )
    keep_last: int | None = None
    since: str | None = None
    vocabulary: str | None = None


class Started(Frozen):
    """A run that waits for a worker."""

    flow_run_id: str
    source: str


@router.get("")
def list_sources(_caller: Reader, request: Request) -> list[dict[str, Any]]:
    """List all sources and how they are, but the inbox, which is always one."""
    with session() as s:
        looks = sources.looks(s)
        return [
            source.document(row, looks.get(row.location), _settings(request).timezone)
            for row in sources.every(s)
        ]


@router.post("", status_code=201)
def create(
    wanted: SourceDefinition, _caller: Writer, request: Request, response: Response
) -> dict[str, Any]:
    """Add a source; 409 if its name is taken, or another looks for the same at the same place.

    `notes` in the answer say who else looks there, and whether Prefect's server knows of it yet.
    """
    settings = _settings(request)
    require_inside(wanted, wanted.model_fields_set, settings)
    try:
        with session() as s:
            row = sources.define(s, sealed_source(wanted, settings))
    except UsageError as error:
        raise problem(409, "Conflict", str(error)) from error
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{row.name}"
    return _document(row.id, settings, bring_together(settings, row.id))


@router.get("/{name}")
def show(name: Wanted, _caller: Reader, request: Request) -> dict[str, Any]:
    """Show a source, what it held by status, its last runs, and who looks into the same place."""
    return _document(_id_of(name), _settings(request))


@router.patch("/{name}")
def update(
    name: Wanted, changes: SourceChanges, _caller: Writer, request: Request
) -> dict[str, Any]:
    """Change what is given; what it has seen stays."""
    settings, source_id = _settings(request), _id_of(name)
    bring_together(settings, source_id)  # what was changed in Prefect is not lost
    with session() as s:
        row = sources.named(s, source_id)
        wanted = _changed(sources.definition(row), changes)
        require_inside(wanted, changes.model_fields_set, settings)
        try:
            sources.change(s, row, sealed_source(wanted, settings))
        except UsageError as error:
            raise problem(409, "Conflict", str(error)) from error
    is_replaced = bool({"schedule", "timezone"} & changes.model_fields_set)
    return _document(source_id, settings, bring_together(settings, source_id, is_replaced))


@router.delete("/{name}", status_code=204)
def delete(name: Wanted, _caller: Writer, request: Request) -> Response:
    """Forget a source and its deployment; its items stay."""
    remove(name, _settings(request))
    return Response(status_code=204)


@router.post("/{name}/pause")
def pause(name: Wanted, _caller: Writer, request: Request) -> dict[str, Any]:
    """Look for nothing there until it is resumed."""
    return set_paused(name, True, _settings(request))


@router.post("/{name}/resume")
def resume(name: Wanted, _caller: Writer, request: Request) -> dict[str, Any]:
    """Look there again."""
    return set_paused(name, False, _settings(request))


@router.post("/{name}/trigger", status_code=202)
def trigger(name: Wanted, _caller: Writer, request: Request) -> Started:
    """Have a worker look into a source now; 409 while it is paused, 503 without Prefect's server.

    The answer names the flow run, which has begun when a worker takes it.
    """
    return start(name, Trigger.API, _settings(request))


@router.get("/{name}/runs")
def runs(
    name: Wanted,
    _caller: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> list[dict[str, Any]]:
    """List the runs that looked into a source, the latest first."""
    with session() as s:
        source_id = sources.named(s, name).id
        return [run.of_source(one) for one in run_history.of_source(s, source_id, limit, offset)]


def remove(name: str, settings: Settings) -> None:
    """Forget a source and its deployment; its items stay."""
    source_id = _id_of(name)
    with session() as s:
        sources.remove(s, source_id)
    if is_served(settings):
        from deployments import source_deployments

        with suppress(NightShiftError):  # `nightshift doctor --fix` finds what is left
            source_deployments.remove(settings, source_id)


def start(name: str, why: Trigger, settings: Settings) -> Started:
    """Have a worker look into a source now.

    Raises:
        Problem: 409 while it is paused, 503 without Prefect's server.
        NightShiftError: there is no such source, or the server does not answer.
    """
    with session() as s:
        row = sources.named(s, name)
        if row.paused_at:
            raise problem(409, "Conflict", f"{row.name} is paused. Resume it first.")
    from deployments import source_deployments

    try:
        flow_run_id = source_deployments.start(settings, row.id, why)
    except SettingsError as error:  # there is no server, or it lets nobody in
        raise problem(503, "Unavailable", str(error), Retry_After=_RETRY_SECONDS) from error
    return Started(flow_run_id=flow_run_id, source=row.name)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _id_of(name: str) -> str:
    with session() as s:
        return sources.named(s, name).id


def _document(source_id: str, settings: Settings, notes: list[str] | None = None) -> dict[str, Any]:
    with session() as s:
        row = sources.named(s, source_id)
        look = sources.looks(s).get(row.location)
        document = source.whole(s, row, look, settings.timezone)
    return document if notes is None else document | {"notes": notes}


def require_inside(wanted: SourceDefinition, given: Set[str], settings: Settings) -> None:
    """Refuse what is ``given`` of a definition and lies outside of the roots.

    Raises:
        Problem: 422, a path lies elsewhere, or is not there.
    """
    paths: list[str] = []
    if wanted.kind is SourceKind.FOLDER and given & {"url", "kind"}:
        paths.append(wanted.url)
    if wanted.options.cookies_file and "options" in given:
        paths.append(str(wanted.options.cookies_file))
    for path in paths:
        if not inside(path, settings):
            raise problem(
                422, "Unprocessable", f"{path} lies neither in the inbox nor in a folder of "
                "NIGHTSHIFT_API__ROOTS. Give its whole path, or have that folder added.",
            )  # fmt: skip
        if not is_there(pathlib.Path(path)):
            raise problem(422, "Unprocessable", f"{path} does not exist. Make it first.")


def _changed(former: SourceDefinition, changes: SourceChanges) -> SourceDefinition:
    """A definition with what is given.

    Raises:
        Problem: 422, no source can be so.
    """
    given = changes.model_dump(include=changes.model_fields_set)
    document = former.model_dump()
    if "options" in given:
        options = given.pop("options")
        document["options"] = {} if options is None else _merged(document["options"], options)
    for name in ("name", "kind", "url", "queue"):  # these can't be nothing
        if name in given and given[name] is None:
            del given[name]
    try:
        return SourceDefinition.model_validate(document | given)
    except ValidationError as error:
        raise problem(422, "Unprocessable", faults(error)) from error


def _merged(former: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    known = former | given
    if isinstance(pipeline := given.get("pipeline"), dict):
        changed = former["pipeline"] | pipeline
        known["pipeline"] = {name: value for name, value in changed.items() if value is not None}
    return {name: value for name, value in known.items() if value is not None}


def set_paused(name: str, paused: bool, settings: Settings) -> dict[str, Any]:
    """Have nothing be looked for in a source, or again; returns it as it is then."""
    source_id = _id_of(name)
    bring_together(settings, source_id)
    with session() as s:
        sources.pause(sources.named(s, source_id), paused)
    return _document(source_id, settings, bring_together(settings, source_id))


def bring_together(settings: Settings, source_id: str, replace: bool = False) -> list[str]:
    """Have Prefect's server know of a source; what there is to say of it."""
    with session() as s:
        others = source_reports.overlapping(s, sources.named(s, source_id))
    notes = [f"{one} looks into the same place, or inside or around it." for one in others]
    if not is_served(settings):
        return [*notes, "There is no Prefect server: each night looks there."]
    from deployments import source_deployments

    try:
        told = source_deployments.bring_together(settings, source_id, replace=replace)
    except NightShiftError as error:
        return [*notes, f"{error} `nightshift doctor --fix` tells Prefect of it later."]
    return [*notes, *(f"{one.found} ({one.done})" for one in told if one.is_taken_over)]
