"""Sources: how they are, added with a test of what would be found, changed, looked into now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from babel.dates import get_day_names
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse
from fastapi_problem.error import Problem

from deployments import nightly
from nightshift.api import sources as shared
from nightshift.pages import source_form, source_tests
from nightshift.pages.rendering import is_part, language_of, page, prefix_of
from nightshift.pages.source_form import Form
from nightshift.pages.viewer import Editing, Reading, Viewer
from utils import clock
from utils.config import Settings
from utils.db import run_history, runs, source_files, sources
from utils.db.session import session
from utils.documents import item_rows, source, source_file
from utils.errors import NightShiftError
from utils.models.schedule import cron_of, next_after, plain
from utils.models.shift import ItemOutcome
from utils.models.source import NAME, FileStatus, SourceDefinition, SourceKind, Trigger
from utils.privacy.redaction import shown
from utils.processes.prefect_environment import is_served
from utils.storage.sealing import sealed_source

router = APIRouter()

Name = Annotated[str, Path(pattern=NAME)]
_RECENT, _FAILED, _RUNS, _NEXT = 20, 20, 3, 3
_MOST_FIELDS = 60


async def _form(request: Request) -> dict[str, str]:
    found = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in found.items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(_form)]


@router.get("/sources")
def show(request: Request, viewer: Reading) -> Response:
    """All sources, those in trouble first."""
    settings = _settings(request)
    inbox = str(settings.inbox)
    with session() as s:
        looks = sources.looks(s)
        known = [
            source.document(row, looks.get(row.location), settings.timezone)
            for row in sources.every(s)
        ]
        own = source.looked_into(inbox, looks.get(inbox))
    order = {"failing": 0, "never looked into": 1, "ok": 2, "paused": 3}
    known.sort(key=lambda one: order.get(one["state"], 2))
    return page(request, "sources.html.j2", viewer, sources=known, inbox=own,
                served=is_served(settings), **_words(request, viewer))  # fmt: skip


@router.get("/sources/next-night")
def next_night(request: Request, viewer: Reading) -> Response:
    """When the next night begins: Prefect's server is asked, which may take a while."""
    return page(request, "sources_night.html.j2", viewer,
                next_at=nightly.next_start(_settings(request)))  # fmt: skip


@router.get("/sources/new")
def show_new(request: Request, viewer: Editing, url: str = "", kind: str = "") -> Response:
    """A form for a source."""
    return _page_of_form(request, viewer, Form({"url": url, "kind": kind}, {}))


@router.post("/sources/new")
def add(request: Request, viewer: Editing, fields: Fields) -> Response:
    """Add a source, or test what would be found in it."""
    form = _read(request, fields)
    if form.definition is None:
        return _page_of_form(request, viewer, form)
    if "test" in fields:
        return _test(request, viewer, form.definition)
    try:
        shared.require_inside(form.definition, form.definition.model_fields_set, _settings(request))
        with session() as s:
            row = sources.define(s, form.definition)
            name, source_id = row.name, row.id
    except Problem as error:
        return _page_of_form(request, viewer, form._replace(faults={"url": error.detail or ""}))
    except NightShiftError as error:
        return _page_of_form(request, viewer, form._replace(faults={"url": str(error)}))
    request.state.audit = ("POST /sources", name, None)  # told as the API's own are
    shared.bring_together(_settings(request), source_id)
    return _to(request, f"/sources/{name}")


@router.get("/sources/tests/{test_id}")
def show_test(
    request: Request, viewer: Editing, test_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
) -> Response:
    """How far a test is, and what it found."""
    test = source_tests.find(_owner(viewer), test_id, _settings(request))
    template = "source_test.html.j2" if is_part(request) else "source_test_page.html.j2"
    if test is None or not test.is_over:
        state = "gone" if test is None or test.is_late else "looking"
        return page(request, template, viewer, state=state, test_id=test_id, found=None, why="")
    return page(request, template, viewer, state="done", test_id=test_id, found=test.found,
                why=test.why)  # fmt: skip


@router.get("/sources/{name}")
def show_one(request: Request, viewer: Reading, name: Name, told: str = "") -> Response:
    """A source with its runs, what it held, and what failed."""
    settings = _settings(request)
    with session() as s:
        row = sources.named(s, name)
        known = source.whole(s, row, sources.looks(s).get(row.location), settings.timezone)
        failed = source_files.every(s, row.id, FileStatus.FAILED, _FAILED)
        latest = [one.summary.run_id for one in run_history.of_source(s, row.id, _RUNS)]
        recent = runs.latest_outcomes(s, latest, 2 * _RECENT)
        documents = [source_file.document(one) for one in failed]
        recent = _once(recent)
        rows = item_rows.of(s, [one.item_id for one in recent if one.item_id])
    return page(
        request,
        "source.html.j2",
        viewer,
        one=known,
        failed=documents,
        recent=[(shown(one.path).rpartition("/")[2], one) for one in recent],
        rows=rows,
        upcoming=_upcoming(known, settings),
        told=told,
        served=is_served(settings),
        **_words(request, viewer),
    )


@router.get("/sources/{name}/edit")
def show_edit(request: Request, viewer: Editing, name: Name) -> Response:
    """The form of a source that there is."""
    with session() as s:
        definition = sources.definition(sources.named(s, name))
    return _page_of_form(request, viewer, Form(source_form.fields_of(definition), {}), name)


@router.post("/sources/{name}/edit")
def edit(request: Request, viewer: Editing, name: Name, fields: Fields) -> Response:
    """Change a source, or test what would be found if it were so."""
    settings = _settings(request)
    with session() as s:
        row = sources.named(s, name)
        source_id, former = row.id, sources.definition(row)
    form = source_form.read(fields, settings, former, former.name)
    if form.definition is None:
        return _page_of_form(request, viewer, form, name)
    if "test" in fields:
        return _test(request, viewer, form.definition)
    wanted = sealed_source(form.definition, settings)
    changed = {one for one in SourceDefinition.model_fields
               if getattr(wanted, one) != getattr(former, one)}  # fmt: skip
    try:
        shared.require_inside(wanted, changed, settings)
        shared.bring_together(settings, source_id)  # what was changed in Prefect is not lost
        with session() as s:
            sources.change(s, sources.named(s, source_id), wanted)
    except Problem as error:
        faulty = form._replace(faults={"url": error.detail or ""})
        return _page_of_form(request, viewer, faulty, name)
    except NightShiftError as error:
        return _page_of_form(request, viewer, form._replace(faults={"": str(error)}), name)
    request.state.audit = ("PATCH /sources/{name}", wanted.name, {"changed": sorted(changed)})
    shared.bring_together(settings, source_id, bool({"schedule", "timezone"} & changed))
    return _to(request, f"/sources/{wanted.name}")


@router.post("/sources/{name}/pause")
def pause(request: Request, viewer: Editing, name: Name) -> Response:
    """Look for nothing there until it is resumed."""
    shared.set_paused(name, True, _settings(request))
    request.state.audit = ("POST /sources/{name}/pause", name, None)
    return _to(request, f"/sources/{name}")


@router.post("/sources/{name}/resume")
def resume(request: Request, viewer: Editing, name: Name) -> Response:
    """Look there again."""
    shared.set_paused(name, False, _settings(request))
    request.state.audit = ("POST /sources/{name}/resume", name, None)
    return _to(request, f"/sources/{name}")


@router.post("/sources/{name}/look")
def look_now(request: Request, viewer: Editing, name: Name) -> Response:
    """Have a worker look there now."""
    return _start(request, name, Trigger.MANUAL)


@router.post("/sources/{name}/retry")
def retry(request: Request, viewer: Editing, name: Name) -> Response:
    """Have a worker try again what failed there."""
    return _start(request, name, Trigger.RETRY)


@router.post("/sources/{name}/reset")
def reset(request: Request, viewer: Editing, name: Name) -> Response:
    """Forget how its last look went: that it is empty now is no fault any more."""
    with session() as s:
        sources.add(s, sources.named(s, name).location)
    request.state.audit = ("PATCH /sources/{name}", name, {"changed": ["last look"]})
    return _to(request, f"/sources/{name}")


@router.post("/sources/{name}/remove")
def remove(request: Request, viewer: Editing, name: Name) -> Response:
    """Forget a source; its items stay, and so does all that lies there."""
    shared.remove(name, _settings(request))
    request.state.audit = ("DELETE /sources/{name}", name, None)
    return _to(request, "/sources")


def _start(request: Request, name: str, why: Trigger) -> Response:
    try:
        shared.start(name, why, _settings(request))
    except Problem as error:
        raise NightShiftError(error.detail or "") from error
    request.state.audit = ("POST /sources/{name}/trigger", name, {"why": why.value})
    return _to(request, f"/sources/{name}", "started")


def _read(request: Request, fields: dict[str, str]) -> Form:
    with session() as s:
        name = sources.free_name(s, fields.get("url", "").strip() or "source")
    return source_form.read(fields, _settings(request), None, name)


def _test(request: Request, viewer: Viewer, definition: SourceDefinition) -> Response:
    """Begin a look; the page asks for what it found."""
    settings = _settings(request)
    try:
        shared.require_inside(definition, {"url", "kind"}, settings)
    except Problem as error:
        template = "source_test.html.j2" if is_part(request) else "source_test_page.html.j2"
        return page(request, template, viewer, state="done", test_id="", found=None,
                    why=error.detail or "")  # fmt: skip
    request.state.audit = ("source.test", shown(definition.url), None)
    test_id = source_tests.begin(_owner(viewer), definition, settings)
    if not is_part(request):
        return _to(request, f"/sources/tests/{test_id}")
    return page(request, "source_test.html.j2", viewer, state="looking", test_id=test_id,
                found=None, why="")  # fmt: skip


def _page_of_form(
    request: Request, viewer: Viewer, form: Form, name: str | None = None
) -> Response:
    settings = _settings(request)
    is_wrong = bool(form.faults)
    if is_wrong and is_part(request):
        return page(request, "source_test.html.j2", viewer, state="done", test_id="", found=None,
                    why="; ".join(form.faults.values()))  # fmt: skip
    return page(
        request,
        "source_form.html.j2",
        viewer,
        status=422 if is_wrong else 200,
        name=name,
        fields=form.fields,
        faults=form.faults,
        kinds=list(SourceKind),
        presets=source_form.PRESETS,
        own_options=source_form.OWN_OPTIONS,
        folders=[str(path) for path in (settings.inbox, *settings.api.roots)],
        **_words(request, viewer),
    )  # fmt: skip


def _upcoming(known: dict[str, Any], settings: Settings) -> list[datetime]:
    """When a source's own schedule fires next: what a cron expression comes to, in moments."""
    found: list[datetime] = []
    if known["schedule"] and not known["paused_at"]:
        cron, zone = cron_of(known["schedule"]), known["timezone"] or settings.timezone
        for _ in range(_NEXT):
            found.append(next_after(cron, zone, found[-1] if found else clock.now()))
    return found


def _words(request: Request, viewer: Viewer) -> dict[str, Any]:
    """What templates tell a schedule with: `plain(schedule)`, `weekday(number)`."""
    days = get_day_names(locale=language_of(request, viewer))
    return {"plain": plain, "weekday": lambda number: days[number]}


def _once(found: list[ItemOutcome]) -> list[ItemOutcome]:
    """The latest outcome of each item."""
    by_item: dict[str, ItemOutcome] = {}
    for one in found:
        by_item.setdefault(one.item_id or one.path, one)
    return list(by_item.values())[:_RECENT]


def _owner(viewer: Viewer) -> str:
    return viewer.person.id or viewer.address


def _to(request: Request, place: str, told: str = "") -> Response:
    """To another page of ours, which may say what was done."""
    said = f"?told={told}" if told else ""
    return RedirectResponse(f"{prefix_of(request)}{place}{said}", 303)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings
