"""What lies below the player of an item: its facts, files, history, what is like it, where it is.

The page around it is `/items/ID` (nightshift/pages/item.py), which takes `context` and includes the
template `item_tab_NAME.html.j2` with it as `tab`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from nightshift.pages import item_map
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Administering, Editing, Reading, Viewer
from utils.config import Settings
from utils.db import corrections, duplicates, items, publications, reviews
from utils.db.schema import Item
from utils.db.session import session
from utils.distribution import requests, targets
from utils.distribution.checks import place_of
from utils.documents import history, item_facts, item_files, lineage, publication, renditions
from utils.documents import review as decided
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.models.publishing import PublicationResult
from utils.privacy.redaction import shown_within
from utils.works import grouping

router = APIRouter()
TABS = ("facts", "files", "history", "alike", "published")
_MOST_STILLS = 24
_SHEETS = {"contact_sheet", "waveform", "spectrogram"}
Number = Annotated[int, InPath(ge=1, le=publications.MOST_NUMBER)]


def context(s: Session, item: Item, name: str, settings: Settings) -> dict[str, Any]:
    """What the template of a tab needs, whatever page it stands in.

    Args:
        s: The session.
        item: Whose tab it is.
        name: One of `TABS`.
        settings: The home, the targets.
    """
    made = {
        "facts": _facts, "files": _files, "history": _history, "alike": _alike,
        "published": _published,
    }[name](s, item, settings)  # fmt: skip
    known = {"name": name, "item_id": item.id, "title": item.title, "kind": item.kind}
    return known | {"duration": item.duration_seconds} | made


def tab(request: Request, viewer: Viewer, item_id: str, name: str) -> HTMLResponse | None:
    """A tab alone, as htmx asks for it; None where there is no such tab."""
    if name not in TABS:
        return None
    with session() as s:
        made = context(s, items.find(s, item_id), name, request.app.state.settings)
        return page(request, f"item_tab_{name}.html.j2", viewer, tab=made)


def _shown_tab(name: str) -> Any:
    def show(request: Request, viewer: Reading, item_id: str) -> Response:
        if not is_part(request):
            return _to_tab(request, item_id, name)
        return tab(request, viewer, item_id, name) or Response(status_code=404)

    return show


for _name in TABS:
    router.add_api_route(f"/items/{{item_id}}/{_name}", _shown_tab(_name), methods=["GET"])


@router.get("/items/{item_id}/compare")
def compare(
    request: Request,
    viewer: Reading,
    item_id: str,
    a: Annotated[str | None, Query(max_length=300)] = None,
    b: Annotated[str | None, Query(max_length=300)] = None,
) -> HTMLResponse:
    """Two files of an item side by side."""
    with session() as s:
        item = items.find(s, item_id)
        found = renditions.of_item(s, item)
        pair = _pair(found, a, b)
        made = {"item_id": item.id, "title": item.title, "files": found, "pair": pair}
        return page(request, "compare.html.j2", viewer, tab=made)


@router.post("/publications/{number}/take-back")
def take_back(request: Request, viewer: Administering, number: Number) -> Response:
    """Take an item back from a target; what was scheduled is not done."""
    settings: Settings = request.app.state.settings
    with session() as s:
        row = publications.get(s, number)
        item_id, target = row.item_id, row.target
    done = requests.take_back([number], settings)
    left = [one for one in done.outcomes if one.result is not PublicationResult.RETRACTED]
    if left:
        why = left[0].error or "it lies there still"
        raise RetryableError(f"It could not be taken back from {target}: {why}")
    request.state.audit = ("publication.take-back", str(number), {"item": item_id, "at": target})
    return _to_tab(request, item_id, "published")


@router.post("/publications/{number}/verify")
def verify(request: Request, viewer: Editing, number: Number) -> Response:
    """Look at what lies at a target: what is wrong stands beside the publication then."""
    with session() as s:
        item_id = publications.get(s, number).item_id
    for seen in requests.verify([number], request.app.state.settings):
        if seen.error:
            raise RetryableError(f"{seen.row.target} could not be asked: {seen.error}")
    return _to_tab(request, item_id, "published")


@router.post("/publications/{number}/retry")
def retry(request: Request, viewer: Editing, number: Number) -> Response:
    """Go on with a publication that failed."""
    with session() as s:
        item_id = publications.get(s, number).item_id
    requests.retry([number], request.app.state.settings)
    return _to_tab(request, item_id, "published")


@router.post("/works/split")
def split(request: Request, viewer: Editing, item: Annotated[str, Form(max_length=64)]) -> Response:
    """Take an item out of its work, for good."""
    with session() as s:
        row = items.find(s, item)
        if grouping.split(s, row.id) is None:
            raise PermanentError(f"{row.title} is one by itself already.")
        item_id = row.id
    request.state.audit = ("work.split", item_id, {})
    return _to_tab(request, item_id, "alike")


@router.post("/works/join")
def join(
    request: Request,
    viewer: Editing,
    one: Annotated[str, Form(max_length=64)],
    other: Annotated[str, Form(max_length=64)],
) -> Response:
    """Have two items, and what belongs to each, be one work."""
    with session() as s:
        first, second = items.find(s, one).id, items.find(s, other).id
        grouping.join(s, first, second)
    request.state.audit = ("work.join", f"{first}, {second}", {})
    return _to_tab(request, first, "alike")


def _to_tab(request: Request, item_id: str, name: str) -> Response:
    prefix = request.scope.get("root_path", "")
    return RedirectResponse(f"{prefix}/items/{item_id}?tab={name}", 303)


def _facts(s: Session, item: Item, _settings: Settings) -> dict[str, Any]:
    found = item_facts.of_item(s, item)
    place, pictures = item_facts.place_of(found["record"]), found.pop("pictures")
    files = {file.path: file for file in item_files.of_item(s, item) if file.path.is_file()}
    several = (*pictures.images, *pictures.scenes) if pictures else ()
    stills = {still.path: still.time_seconds for still in several if still.path in files}
    by_time = sorted(stills, key=lambda path: stills[path] or 0.0)[:_MOST_STILLS]
    return _plain(found) | {
        "sheets": [one for one in files.values() if one.kind in _SHEETS],
        "stills": [(files[path].name, stills[path]) for path in by_time],
        "map": item_map.of(*place) if place else None,
        "address": shown_within(item.source_url),
        "error": shown_within(item.error),
    }


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Models as mappings, without what is secret in the addresses that they name."""
    return {
        name: shown_within(value.model_dump() if isinstance(value, BaseModel) else value)
        for name, value in found.items()
        if name not in {"groups", "doubts", "chapters"}
    } | {
        "groups": {
            group: [fact._replace(value=shown_within(fact.value)) for fact in facts]
            for group, facts in found["groups"].items()
        },
        "doubts": found["doubts"],
        "chapters": found["chapters"],
    }


def _files(s: Session, item: Item, _settings: Settings) -> dict[str, Any]:
    found = renditions.of_item(s, item)
    return {
        "files": found,
        "pair": _pair(found, None, None),
        "places": [(place.path, place.seen_at) for place in items.files_of(s, item.id)],
    }


def _pair(
    found: renditions.Renditions, a: str | None, b: str | None
) -> tuple[renditions.Rendition, renditions.Rendition] | None:
    """The two that are compared: those that were asked for, else the item and its encode."""
    known = [one for one in (*found.whole, *found.made) if one.is_compared]
    if len(known) < 2:
        return None
    first = found.named(a) or known[0]
    second = found.named(b) or next((one for one in known if one != first), known[1])
    return first, second


def _history(s: Session, item: Item, settings: Settings) -> dict[str, Any]:
    steps = history.of_item(s, item, settings)
    way = [(depth, made) for depth, made in lineage.nested(lineage.way_of(s, item))]
    by_hand = corrections.of(s, item.id)
    return {
        "ran": [one for one in steps if one.executed],
        "left_out": [one for one in steps if not one.executed and one.left_out],
        "waiting": [one for one in steps if not one.executed and not one.left_out],
        "way": way,
        "reviews": [decided.decision(row) for row in reviews.of_item(s, item.id)],
        "correction": (by_hand.corrected_at, by_hand.source) if by_hand else None,
        "added_at": item.added_at,
        "error": item.error,
        "failed_step": item.failed_step,
    }


def _alike(s: Session, item: Item, _settings: Settings) -> dict[str, Any]:
    return {
        "group": duplicates.group_of(s, item.id),
        "places": [path for path in items.paths_of(s, item.id) if path.exists()],
        "work": grouping.of_item(s, item.id),
    }


def _published(s: Session, item: Item, settings: Settings) -> dict[str, Any]:
    try:
        known = targets.load(settings).targets
        problem = None
    except SettingsError as error:
        known, problem = {}, str(error)
    there = {row.target for row in publications.there_or_due(s, item.id)}
    return {
        "publications": shown_within(publication.of_item(s, item.id)),
        "targets": [
            (name, one.kind, place_of(one)) for name, one in known.items() if name not in there
        ],
        "problem": problem,
        "approval": item.approval,
    }
