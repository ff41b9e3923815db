"""One field over everything: what was said, is seen, is described or named; each hit plays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from nightshift.api import search as api
from nightshift.api.read_limiter import limited_read
from nightshift.api.search import SearchQuery
from nightshift.pages import filters, library
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Reading
from utils.db import item_rows, moments
from utils.db.facets import Facets
from utils.db.item_rows import ItemRow
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.search import SearchFilters, SearchHit
from utils.search import highlights
from utils.search.highlights import Part

router = APIRouter()

ROWS = 20  # items of a page
_MOMENTS = 4  # of an item
_LAST_OFFSET = 2_000  # who looks further has the wrong words


class Line(NamedTuple):
    """A place in an item that answers: what it says there, and when."""

    kind: str
    parts: Sequence[Part]
    start_seconds: float | None


class Answer(NamedTuple):
    """An item that answers; ``is_near``: it has none of the words, but means the same."""

    row: ItemRow
    title: Sequence[Part]
    lines: Sequence[Line]
    is_near: bool


@router.get("/search")
async def show_search(
    request: Request,
    viewer: Reading,
    q: Annotated[str, Query(max_length=1_000)] = "",
    offset: Annotated[int, Query(ge=0, le=_LAST_OFFSET)] = 0,
    words: bool = False,
) -> Response:
    """Show what answers a question."""
    asked = filters.asked(request, viewer)
    wanted = q.strip()
    hits: list[SearchHit] = []
    total, by_meaning = 0, True
    if wanted or asked.active:
        hits, total, by_meaning = await _hits(request, wanted, asked.filters, offset, words)
    answers, known = await limited_read(_told)(wanted, hits, asked.filters, offset)
    more = offset + ROWS if offset + len(hits) < min(total, _LAST_OFFSET) and hits else None
    told: dict[str, Any] = {
        "q": wanted,
        "asked": asked,
        "answers": answers,
        "more": more,
        "words": words,
    }
    if is_part(request):
        return page(request, "search_part.html.j2", viewer, **told)
    return page(
        request, "search.html.j2", viewer, status=422 if asked.unknown else 200, facets=known,
        total=max(total, len(answers)), by_meaning=by_meaning, **told,
    )  # fmt: skip


async def _hits(
    request: Request, wanted: str, chosen: SearchFilters, offset: int, words: bool
) -> tuple[list[SearchHit], int, bool]:
    """The hits of a page, how many there are, and whether it was looked for the meaning, too."""
    settings = request.app.state.settings
    asked = SearchQuery(q=wanted, limit=ROWS, offset=offset, meaning="never" if words else "auto")
    try:
        found, by_meaning = await api.find(asked, chosen, settings)
    except NightShiftError:  # no model or no index here: the words are found all the same
        if words:
            raise
        asked = asked.model_copy(update={"meaning": "never"})
        found, by_meaning = await api.find(asked, chosen, settings)
    return found.hits, found.total, by_meaning


def _told(
    wanted: str, hits: Sequence[SearchHit], chosen: SearchFilters, offset: int
) -> tuple[list[Answer], Facets]:
    by_id = {hit.item_id: hit for hit in hits}
    with session() as s:
        ids = list(by_id)
        if wanted and offset == 0 and len(ids) < ROWS:
            named = moments.named(s, wanted, chosen, ROWS)
            ids += [item_id for item_id in named if item_id not in by_id]
        rows = item_rows.of(s, ids)
        said = moments.of_items(s, wanted, ids, _MOMENTS) if wanted else {}
        known = library.values(s)
    answers = [
        _answer(rows[item_id], wanted, by_id.get(item_id), said.get(item_id, []))
        for item_id in ids
        if item_id in rows
    ]
    return answers, known


def _answer(
    row: ItemRow, wanted: str, hit: SearchHit | None, said: Sequence[moments.Moment]
) -> Answer:
    lines = [Line(one.kind, highlights.snippet(one.text, wanted), one.start_seconds)
             for one in said]  # fmt: skip
    is_near = bool(hit and wanted and not said)
    if hit and not lines and hit.snippet:
        lines = [Line("near", highlights.snippet(hit.snippet, wanted), hit.start_seconds)]
    title = highlights.snippet(row.title, wanted, length=300)
    return Answer(row, title, lines, is_near)
