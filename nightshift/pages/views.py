"""Saved views: searches of the library by a name, for oneself or for all, on the start page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from nightshift.pages import filters
from nightshift.pages.rendering import page
from nightshift.pages.viewer import ForbiddenError, Reading, Viewer
from utils.db import facets, pages, saved_views
from utils.db.item_rows import ItemRow
from utils.db.page_tables import SavedView
from utils.db.pages import Window
from utils.db.session import session

router = APIRouter()

_KEPT = (*filters.NAMES, "sort", "layout")
_FIRST, _COUNTED = 6, 1_000  # items of a view on the start page: shown, and counted up to
_Name = Annotated[str, Form(max_length=300)]


class StartView(NamedTuple):
    """A view on the start page: its first items, and how many it has (up to 1,001)."""

    name: str
    query: str
    is_for_all: bool
    rows: Sequence[ItemRow]
    total: int


@router.get("/views")
def show_views(request: Request, viewer: Reading) -> Response:
    """Show the views of a person and those for all, to be renamed or removed."""
    with session() as s:
        views = saved_views.seen_by(s, viewer.user_id)
    return page(request, "views.html.j2", viewer, views=views, may_change=may_change)


@router.post("/views")
async def save_view(request: Request, viewer: Reading) -> Response:
    """Keep a search of the library by a name."""
    form = await request.form()
    given = {name: str(form.get(name, "")).strip() for name in (*_KEPT, "name")}
    query = urlencode([(name, given[name]) for name in _KEPT if given[name]])
    owner = None if form.get("for_all") else viewer.user_id
    if owner is None and not viewer.may_edit:
        raise ForbiddenError
    with session() as s:
        saved_views.save(s, owner, given["name"], query, bool(form.get("on_start")))
    return RedirectResponse(_address(request, "/library", query), 303)


@router.post("/views/{view_id}")
def change_view(
    request: Request, view_id: int, viewer: Reading, name: _Name = "", on_start: bool = False
) -> Response:
    """Rename a view, or have it on the start page or not."""
    with session() as s:
        saved_views.change(_mine(s, view_id, viewer), name, on_start)
    return RedirectResponse(_address(request, "/views"), 303)


@router.post("/views/{view_id}/remove")
def remove_view(request: Request, view_id: int, viewer: Reading) -> Response:
    """Remove a view; no item goes."""
    with session() as s:
        saved_views.remove(s, _mine(s, view_id, viewer))
    return RedirectResponse(_address(request, "/views"), 303)


def may_change(view: SavedView, viewer: Viewer) -> bool:
    """True for whoever made a view, and of those for all for whoever may edit."""
    return viewer.may_edit if view.user_id is None else view.user_id == viewer.user_id


def on_start(s: Session, request: Request, viewer: Viewer) -> list[StartView]:
    """The views that somebody wants on the start page, with their first items."""
    found = []
    for view in saved_views.on_start(s, viewer.user_id):
        asked = filters.of_query(QueryParams(view.query), request, viewer)
        total = facets.count(s, asked.filters, _COUNTED + 1)
        rows, _ = pages.tiles(s, asked.filters, Window(asked.sort, _FIRST))
        found.append(StartView(view.name, view.query, view.user_id is None, rows, total))
    return found


def _mine(s: Session, view_id: int, viewer: Viewer) -> SavedView:
    found = saved_views.find(s, view_id, viewer.user_id)
    if not may_change(found, viewer):
        raise ForbiddenError
    return found


def _address(request: Request, place: str, query: str = "") -> str:
    return f"{request.scope.get('root_path', '')}{place}" + (f"?{query}" if query else "")
