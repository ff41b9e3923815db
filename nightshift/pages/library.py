"""The library: everything there is, as pictures or as a list, filtered, sorted, selected."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from nightshift.pages import filters
from nightshift.pages.filters import Asked
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Reading, Viewer
from utils.db import facets, pages, saved_views
from utils.db.facets import Facets
from utils.db.item_rows import ItemRow
from utils.db.pages import Window
from utils.db.session import session
from utils.models.pages import cursor, place

router = APIRouter()

ROWS = 60  # of a page, or of a part of one
COUNTED = 10_000  # items; whether there are more is all that is asked
LONGEST_TITLE = 200  # characters of it in a list
LAYOUT_COOKIE = "nightshift_layout"
_FACETS_SECONDS = 60.0  # for which values and numbers are kept: they take a look at every item
_YEAR_SECONDS = 31_536_000


class Shown(NamedTuple):
    """Some items of the library, and the addresses before and behind them."""

    rows: list[ItemRow]
    here: str | None
    earlier: str | None
    later: str | None


@router.get("/library")
def show_library(request: Request, viewer: Reading) -> Response:
    """Show the library, or more of it."""
    if filters.has_blanks(request) and not is_part(request):
        return _without_blanks(request)
    asked = _asked(request, viewer)
    with session() as s:
        total = None if is_part(request) else facets.count(s, asked.filters, COUNTED + 1)
        shown = _shown(s, asked, total)
        if total is None:
            only = shown._replace(later=None) if asked.until else shown._replace(earlier=None)
            return page(request, "library_part.html.j2", viewer, asked=asked, shown=only,
                        is_first=False)  # fmt: skip
        views = saved_views.seen_by(s, viewer.user_id)
        known = values(s)
    answer = page(
        request, "library.html.j2", viewer, status=422 if asked.unknown else 200, asked=asked,
        shown=shown, is_first=asked.cursor is None and asked.until is None, views=views,
        total=total, counted=COUNTED, facets=known, query=_query(asked),
    )  # fmt: skip
    if "layout" in request.query_params and not asked.unknown:
        _remember(answer, request, asked.layout)
    return answer


def values(s: Session) -> Facets:
    """The values that filters may have, as they were a minute ago at most."""
    global _known
    key = str(s.get_bind())
    with _looking:
        if _known is None or _known[0] != key or time.monotonic() > _known[1]:
            _known = (key, time.monotonic() + _FACETS_SECONDS, facets.of(s))
        return _known[2]


_known: tuple[str, float, Facets] | None = None
_looking = threading.Lock()


def _asked(request: Request, viewer: Viewer) -> Asked:
    asked = filters.asked(request, viewer)
    if "layout" in request.query_params:
        return asked
    return asked._replace(layout="list" if request.cookies.get(LAYOUT_COOKIE) == "list" else "grid")


def _shown(s: Session, asked: Asked, total: int | None) -> Shown:
    if asked.until:
        end = place(asked.until, asked.sort)
        window = Window(asked.sort, ROWS, end, is_before=True)
        rows, before = pages.tiles(s, asked.filters, window, total)
        here = cursor(asked.sort, before) if before else None
        return Shown(rows, here, here, asked.until)
    at = place(asked.cursor, asked.sort) if asked.cursor else None
    rows, behind = pages.tiles(s, asked.filters, Window(asked.sort, ROWS, at), total)
    later = cursor(asked.sort, behind) if behind else None
    return Shown(rows, asked.cursor, asked.cursor, later)


def _query(asked: Asked) -> dict[str, Any]:
    """What the addresses of this search have in common: its filters, and an order of its own."""
    return asked.active | ({"sort": asked.sort} if asked.sort != "-added" else {})


def _without_blanks(request: Request) -> Response:
    """To the same address without what nobody filled in, so that it can be passed on."""
    left = [(name, value) for name, value in request.query_params.multi_items() if value.strip()]
    here = request.url.replace_query_params(**dict(left)) if left else request.url.replace(query="")
    prefix = request.scope.get("root_path", "")
    place_here = request.url.path.removeprefix(prefix)
    return RedirectResponse(f"{prefix}{place_here}" + (f"?{here.query}" if left else ""), 303)


def _remember(answer: Response, request: Request, layout: str) -> None:
    prefix = request.scope.get("root_path", "") or "/"
    answer.set_cookie(LAYOUT_COOKIE, layout, _YEAR_SECONDS, path=prefix, samesite="strict",
                      secure=request.url.scheme == "https", httponly=True)  # fmt: skip
