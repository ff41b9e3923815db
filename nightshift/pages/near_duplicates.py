"""What is there more than once, side by side, for a person to decide. No file is touched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Editing, Reading
from utils.db import duplicates, items, works
from utils.db.duplicates import Outline
from utils.db.session import home_of, session
from utils.documents import comparison, duplicate, item_files, pictures, playable
from utils.errors import UsageError
from utils.models.fingerprint import Copy, DuplicateGroup, Pair
from utils.models.item import MediaKind
from utils.storage.media_types import media_type
from utils.works import grouping

router = APIRouter()

MOST_COPIES = 20  # of a group that are shown and decided on at once; chosen
_PAGE = 40  # exact copies, or decisions, of a list
Decision = Literal["same", "different", "apart", "stack"]
_Id = Annotated[str, Form(pattern="^[0-9a-fA-F]{4,64}$")]
_Ids = Annotated[list[str], Form(alias="item", min_length=2, max_length=MOST_COPIES)]
_Place = Annotated[str, Query(max_length=100)]
# What was said of a pair before it was decided on again.
_SAID: dict[str, Literal["same", "different"] | None] = {"s": "same", "d": "different", "-": None}
_WAS = rf"^[sd-]{{0,{MOST_COPIES * (MOST_COPIES - 1) // 2}}}$"


class _Known(NamedTuple):
    """The groups as they were read last: of which home, in what state, at which time."""

    home: Path
    state: tuple[Any, ...]
    read_at: float
    outlines: list[Outline]


_known: list[_Known] = []  # one at most: thousands of groups take longer to read than to show
_FRESH_SECONDS = 30.0  # chosen: what belongs to works may change without a trace in the state


class Where(NamedTuple):
    """A group among those that wait; ``number`` counts from 1. None before the first, behind the
    last, and for a group that does not wait any more."""

    outline: Outline | None
    number: int | None
    total: int
    before: str | None
    behind: str | None
    saved_bytes: int


@router.get("/duplicates")
def show_duplicates(
    request: Request,
    viewer: Reading,
    at: _Place = "",
    item: _Place = "",
    a: _Place = "",
    b: _Place = "",
    done: Annotated[str, Query(max_length=12)] = "",
    of: Annotated[str, Query(max_length=MOST_COPIES * 65)] = "",
    was: Annotated[str, Query(pattern=_WAS)] = "",
) -> HTMLResponse:
    """Show one group of near-duplicates; `at` is its place, `item` one that is in it."""
    with session() as s:
        where = _where(_outlines(s), at, item)
        made = _group(s, where, (a, b)) if where.outline else {"group": None}
        counts = {} if is_part(request) else _counts(s)  # which stand around the group
        shown: dict[str, Any] = {
            "where": where,
            "done": done,
            "of": [one for one in of.split(",") if one],
            "was": was,
        }
        template = "duplicates_part.html.j2" if is_part(request) else "duplicates.html.j2"
        answer = page(request, template, viewer, kind="near", counts=counts, **shown, **made)
    if is_part(request):
        prefix = request.scope.get("root_path", "")
        place = f"?at={place_of(where.outline)}" if where.outline else ""
        answer.headers["HX-Push-Url"] = f"{prefix}/duplicates{place}"
    return answer


@router.get("/duplicates/exact")
def show_exact(
    request: Request, viewer: Reading, after: Annotated[int, Query(ge=0, le=10**9)] = 0
) -> HTMLResponse:
    """List files that lie at several places, byte for byte the same."""
    with session() as s:
        ids = duplicates.exact_ids(s)
        chosen = ids[after : after + _PAGE]
        copies = duplicate.present(duplicates.exact_among(s, chosen))
        counts = _counts(s)
        drawn = pictures.which(s, chosen)
    behind = after + _PAGE if len(ids) > after + _PAGE else None
    return page(request, "duplicates_exact.html.j2", viewer, kind="exact", counts=counts,
                copies=copies, drawn=drawn, before=max(0, after - _PAGE) if after else None,
                behind=behind)  # fmt: skip


@router.get("/duplicates/decided")
def show_decided(
    request: Request, viewer: Reading, after: Annotated[int, Query(ge=0, le=10**9)] = 0
) -> HTMLResponse:
    """List what people said of pairs, the last first, each with its undo."""
    with session() as s:
        pairs = duplicates.decided(s, _PAGE + 1, after)
        ids = {one for pair in pairs for one in (pair.first, pair.second)}
        titles = {row.id: row.title for row in items.preload(s, sorted(ids))}
        counts = _counts(s)
    return page(request, "duplicates_decided.html.j2", viewer, kind="decided", counts=counts,
                pairs=pairs[:_PAGE], titles=titles,
                before=max(0, after - _PAGE) if after else None,
                behind=after + _PAGE if len(pairs) > _PAGE else None)  # fmt: skip


@router.post("/duplicates/decide")
def decide_pair(
    request: Request,
    viewer: Editing,
    one: _Id,
    other: _Id,
    decision: Annotated[Literal["same", "different"], Form()],
    next: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Say of two items that they are the same, or different."""
    with session() as s:
        first, second = items.find(s, one).id, items.find(s, other).id
        duplicates.decide(s, first, second, decision)
    request.state.audit = ("duplicates.decide", f"{first}, {second}", {"decision": decision})
    return _to(request, next if _is_ours(next) else "/duplicates")


@router.post("/duplicates/group")
def decide_group(
    request: Request,
    viewer: Editing,
    item: _Ids,
    chosen: _Id,
    action: Annotated[Decision, Form()],
    at: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Decide on a whole group, and go on to the next one.

    `same`: all are, and all stay; `stack`: they are one work; `different`: the chosen one is not
    like the others; `apart`: none is like another.
    """
    with session() as s:
        ids = list(dict.fromkeys(items.find(s, one).id for one in item))
        best = items.find(s, chosen).id
        if best not in ids:
            raise UsageError("What was chosen is not in this group: look at it again.")
        behind = _where(_outlines(s), at, "").behind or at
        ordered = [best, *(one for one in ids if one != best)]
        was = _said(s, ordered, action)
        _decide(s, ids, best, action)
    request.state.audit = ("duplicates.decide", ", ".join(ids), {"decision": action})
    told = f"at={behind}&done={action}&of={','.join(ordered)}" + (f"&was={was}" if was else "")
    return _to(request, f"/duplicates?{told}")


@router.post("/duplicates/undo")
def undo(
    request: Request,
    viewer: Editing,
    item: _Ids,
    action: Annotated[Decision, Form()],
    next: Annotated[str, Form(max_length=500)] = "",
    was: Annotated[str, Form(pattern=_WAS)] = "",
) -> Response:
    """Take the last decision on a group back; `item`: the chosen one first.

    ``was``: what had been said of each pair before, which holds again.
    """
    table = works if action == "stack" else duplicates
    with session() as s:
        ids = [items.find(s, one).id for one in item]
        pairs = _pairs_of(ids, action)
        for (one, other), sign in zip(pairs, was.ljust(len(pairs), "-"), strict=False):
            table.undo(s, one, other)
            if (before := _SAID[sign]) is not None:
                table.decide(s, one, other, before)
    request.state.audit = ("duplicates.undo", ", ".join(ids), {"decision": action})
    return _to(request, next if _is_ours(next) else f"/duplicates?item={ids[0]}&done=undone")


def _decide(s: Session, ids: Sequence[str], chosen: str, action: Decision) -> None:
    others = [one for one in ids if one != chosen]
    if action == "stack":
        for other in others:
            grouping.join(s, chosen, other)
        return
    for one, other in _pairs_of([chosen, *others], action):
        duplicates.decide(s, one, other, "same" if action == "same" else "different")


def _pairs_of(ids: Sequence[str], action: Decision) -> list[tuple[str, str]]:
    """The pairs that a decision is about; the chosen one stands first."""
    if action in {"different", "stack"}:
        return [(ids[0], other) for other in ids[1:]]
    return list(combinations(ids, 2))


def _said(s: Session, ids: Sequence[str], action: Decision) -> str:
    """What people said so far of the pairs that a decision is about; empty: nothing of any."""
    table = works if action == "stack" else duplicates
    known = {frozenset((one.first, one.second)): one.decision for one in table.touching(s, ids)}
    signs = {said: sign for sign, said in _SAID.items()}
    return "".join(signs[known.get(frozenset(one))] for one in _pairs_of(ids, action)).rstrip("-")


def _counts(s: Session) -> dict[str, int]:
    return {"exact": len(duplicates.exact_ids(s)), "decided": duplicates.count_decided(s)}


def _outlines(s: Session) -> list[Outline]:
    """All groups, read again if anything changed since the last time."""
    home, state = home_of(s), duplicates.state(s)
    last = _known[0] if _known else None
    if last and last[:2] == (home, state) and time.monotonic() - last.read_at < _FRESH_SECONDS:
        return last.outlines
    found = duplicates.outlines(s)
    _known[:] = [_Known(home, state, time.monotonic(), found)]
    return found


def place_of(outline: Outline) -> str:
    """A group's place in the order: what it saves, and by which it is found."""
    return f"{outline.saved_bytes}-{outline.key}"


def _where(every: Sequence[Outline], at: str, item: str) -> Where:
    """The group that is asked for, else the one that comes next in the order, else the first."""
    waiting = [one for one in every if one.is_open]
    saved = sum(one.saved_bytes for one in waiting)
    if item:
        found = next((one for one in every if any(m.startswith(item) for m in one.item_ids)), None)
        if found is not None and not found.is_open:
            return Where(found, None, len(waiting), None, None, saved)
        number = waiting.index(found) if found else 0
    else:
        number = _number(waiting, at)
    if not waiting:
        return Where(None, None, 0, None, None, 0)
    before = place_of(waiting[number - 1]) if number > 0 else None
    behind = place_of(waiting[number + 1]) if number + 1 < len(waiting) else None
    return Where(waiting[number], number + 1, len(waiting), before, behind, saved)


def _number(waiting: Sequence[Outline], at: str) -> int:
    """Where a place is among these; of one that is gone, the one behind it, or the last."""
    saved, _, key = at.partition("-")
    if not saved.isdecimal() or len(saved) > 20:
        return 0
    wanted = (-int(saved), (key,))
    behind = (n for n, one in enumerate(waiting) if (-one.saved_bytes, one.item_ids) >= wanted)
    return next(behind, max(0, len(waiting) - 1))


def _group(s: Session, where: Where, wanted: tuple[str, str]) -> dict[str, Any]:
    """All that is shown of a group; what looks best to keep stands first."""
    assert where.outline is not None
    ids = where.outline.item_ids
    found = duplicates.details(s, ids[:MOST_COPIES])
    copies = found.copies
    pair = _chosen_pair(copies, wanted)
    return {
        "group": found,
        "more": len(ids) - len(copies),
        "rows": comparison.compared(s, [copy.item_id for copy in copies]),
        "drawn": pictures.which(s, [copy.item_id for copy in copies]),
        "pair": pair,
        "media": [_medium(s, copy) for copy in pair],
        "match": _measured(found, pair),
        "place": place_of(where.outline),
    }


def _chosen_pair(copies: Sequence[Copy], wanted: tuple[str, str]) -> tuple[Copy, Copy]:
    by_id = {copy.item_id: copy for copy in copies}
    first = by_id.get(wanted[0]) or copies[0]
    other = next(copy for copy in copies if copy is not first)
    second = by_id.get(wanted[1])
    return first, second if second is not None and second is not first else other


def _measured(group: DuplicateGroup, shown: tuple[Copy, Copy]) -> Pair | None:
    """What is measured of the two that are compared; of some pairs nothing is."""
    two = {shown[0].item_id, shown[1].item_id}
    return next((pair for pair in group.pairs if {pair.first, pair.second} == two), None)


def _medium(s: Session, copy: Copy) -> dict[str, Any]:
    """What a browser can show of an item: name of its file, or none for its picture alone."""
    row = items.find(s, copy.item_id)
    files = [file for file in item_files.of_item(s, row) if file.path.is_file()]
    if copy.kind == MediaKind.IMAGE.value:
        shown = playable.picture(files)
        return {"file": shown.name if shown else None, "medium": "image"}
    encoded = next((file for file in files if file.kind in {"video", "audio"}), None)
    original = next((file for file in files if file.kind == item_files.ORIGINAL), None)
    known = playable.of(row, [original] if original else [], None)
    chosen = original if known and known[0].sureness < 2 else encoded or original
    if chosen is None:
        return {"file": None, "medium": "image"}
    return {"file": chosen.name, "medium": media_type(chosen.path).split("/")[0]}


def _is_ours(place: str) -> bool:
    return place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()


def _to(request: Request, place: str) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{place}", 303)
