"""What is done with items that somebody selected: one or many, each told by itself if it fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, NamedTuple, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Administering, Editing, Reading, Viewer
from utils import clock
from utils.config import Settings
from utils.db import failures, items
from utils.db.session import session
from utils.distribution import requests, targets
from utils.documents import exported
from utils.errors import NightShiftError, UsageError
from utils.housekeeping import forgetting
from utils.housekeeping.forgetting import Forgetting
from utils.models.publishing import PublicationResult
from utils.models.subtitles import Format
from utils.privacy.redaction import shown_within

router = APIRouter(prefix="/items")

MOST = 500  # items at once; chosen
_NOTED = 20  # of them in the audit log
_ID = re.compile(r"[0-9a-f]{4,64}")
_LATER = timedelta(minutes=1)  # what is due then is left to the next shift
_Ids = Annotated[list[str], Form(alias="item", default_factory=list)]
_Next = Annotated[str, Form(alias="next", max_length=2_000)]


class Outcome(NamedTuple):
    """What came of one item; ``is_bad``: not what was wanted. ``words`` as the system says it."""

    item_id: str | None
    title: str
    result: str
    words: str = ""
    is_bad: bool = False


@router.post("/requeue")
def requeue_items(
    request: Request,
    viewer: Editing,
    item: _Ids,
    next: _Next = "",
) -> Response:
    """Have items be tried again, first of all, by the next shift."""
    chosen, outcomes = _found(item)
    with session() as s:
        ids = [one for one, _ in chosen]
        again = set(failures.requeue(s, failures.Choice(ids=tuple(ids)))) if ids else set()
    request.state.audit = ("item.requeue" if again else "item.requeue.preview",
                           _noted([one for one in chosen if one[0] in again]), None)  # fmt: skip
    outcomes += [
        Outcome(item_id, title, "requeued" if item_id in again else "in_work",
                is_bad=item_id not in again)
        for item_id, title in chosen
    ]  # fmt: skip
    return _told(request, viewer, "requeue", outcomes, next)


@router.post("/forget")
def forget_items(
    request: Request,
    viewer: Administering,
    item: _Ids,
    sure: Annotated[bool, Form()] = False,
    files: Annotated[bool, Form()] = False,
    next: _Next = "",
) -> Response:
    """Forget items and all that was made of them, once somebody said that they are sure."""
    settings: Settings = request.app.state.settings
    chosen, outcomes = _found(item)
    going, kept = _previewed(chosen, settings)
    outcomes += kept
    if not sure and going:
        request.state.audit = ("item.forget.preview", _noted(chosen), None)
        size = sum(one.size_bytes for one in going)
        return page(request, "forget.html.j2", viewer, going=going, outcomes=outcomes, size=size,
                    back=_back(request, next))  # fmt: skip
    done = forgetting.forget(going, settings, files) if going else forgetting.Outcome((), ())
    gone = [one for one in chosen if one[0] in done.item_ids]
    request.state.audit = ("item.forget" if gone else "item.forget.preview", _noted(gone),
                           {"files": files})  # fmt: skip
    outcomes += [
        Outcome(None if one.item_id in done.item_ids else one.item_id, one.title,
                "forgotten" if one.item_id in done.item_ids else "kept",
                is_bad=one.item_id not in done.item_ids)
        for one in going
    ]  # fmt: skip
    outcomes += [Outcome(None, "", "left", one, is_bad=True) for one in shown_within(done.left)]
    return _told(request, viewer, "forget", outcomes, next)


@router.post("/publish")
def publish_items(
    request: Request,
    viewer: Editing,
    item: _Ids,
    to: Annotated[list[str], Form(default_factory=list)],
    when: Annotated[str, Form(pattern="^(now|later)$")] = "now",
    next: _Next = "",
) -> Response:
    """Publish items at targets; without any named, ask at which."""
    settings: Settings = request.app.state.settings
    chosen, outcomes = _found(item)
    request.state.audit = ("item.publish" if to else "item.publish.preview", _noted(chosen),
                           {"to": to})  # fmt: skip
    if not to:
        known = targets.load(settings).targets
        return page(request, "publish.html.j2", viewer, chosen=chosen, outcomes=outcomes,
                    targets=known, back=_back(request, next))  # fmt: skip
    at = clock.now() + _LATER if when == "later" else None
    ids = tuple(item_id for item_id, _ in chosen)
    order = requests.Order(ids, tuple(dict.fromkeys(to)), at, None, f"pages, {viewer.person.name}")
    report = requests.publish(order, settings) if ids else None
    good = {PublicationResult.PUBLISHED, PublicationResult.UNCHANGED, PublicationResult.WAITING}
    for one in report.outcomes if report else ():
        words = f"{one.target}: {one.error}" if one.error else one.target
        is_bad = one.result not in good or bool(one.error)
        outcomes.append(Outcome(one.item_id, one.title, str(one.result), words, is_bad))
    for fault in report.problems if report else ():
        outcomes.append(Outcome(None, "", "left", fault, is_bad=True))
    return _told(request, viewer, "publish", shown_within_words(outcomes), next)


@router.post("/review")
def review_items(request: Request, _viewer: Editing, item: _Ids) -> Response:
    """Open the queue of the review with these items."""
    chosen, _ = _found(item)
    query = urlencode([("item", item_id) for item_id, _ in chosen])
    return RedirectResponse(f"{_prefix(request)}/review?{query}", 303)


@router.get("/export")
def export_items(
    request: Request,
    viewer: Reading,
    item: Annotated[list[str], Query(default_factory=list)],
    format: str = "srt",
) -> Response:
    """Send what was said in items: a file of one, a ZIP of several."""
    return _exported(request, viewer, item, format)


@router.post("/export")
def export_selected(
    request: Request,
    viewer: Reading,
    item: _Ids,
    format: Annotated[str, Form()] = "srt",
) -> Response:
    """The same of more than fit into an address."""
    return _exported(request, viewer, item, format)


def _exported(request: Request, viewer: Viewer, given: Sequence[str], form: str) -> Response:
    if form not in get_args(Format):
        raise UsageError(f"{form[:20]} is no format: {', '.join(get_args(Format))}.")
    chosen, outcomes = _found(given)
    request.state.audit = ("item.export", _noted(chosen), {"format": form})
    wanted: Format = next(one for one in get_args(Format) if one == form)
    with session() as s:
        made = exported.of(s, [item_id for item_id, _ in chosen], wanted)
    whole = [one for one in made if one.text is not None]
    if not whole:
        outcomes += [Outcome(one.item_id, one.title, "without_speech", is_bad=True) for one in made]
        return _told(request, viewer, "export", outcomes, "")
    if len(chosen) == 1:
        return _download(whole[0].name, (whole[0].text or "").encode(), "text/plain; charset=utf-8")
    return _download(f"night-shift-{form}.zip", exported.zipped(made), "application/zip")


def _download(name: str, content: bytes, kind: str) -> Response:
    told = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=kind, headers={"Content-Disposition": told})


def _found(given: Sequence[str]) -> tuple[list[tuple[str, str]], list[Outcome]]:
    """The ids and titles of the items that are there; and of each that is not, that it is not.

    Raises:
        UsageError: none or too many were selected.
    """
    if not given:
        raise UsageError("No item is selected. Go back, and tick some.")
    if len(given) > MOST:
        raise UsageError(f"{len(given)} items are too many at once: select {MOST} at most.")
    chosen: dict[str, str] = {}
    missing: list[Outcome] = []
    with session() as s:
        for one in dict.fromkeys(given):
            try:
                if not _ID.fullmatch(one):
                    raise UsageError("It is no item.")
                row = items.find(s, one)
                chosen[row.id] = row.title
            except UsageError:
                missing.append(Outcome(None, one[:64], "missing", is_bad=True))
    return list(chosen.items()), missing


def _previewed(
    chosen: Sequence[tuple[str, str]], settings: Settings
) -> tuple[list[Forgetting], list[Outcome]]:
    """What would go with items, looked at together: what only they have in common goes, too."""
    ids, kept = [item_id for item_id, _ in chosen], list[Outcome]()
    try:
        return forgetting.preview(ids, settings), kept
    except NightShiftError:  # of one of them: which?
        pass
    for item_id, title in chosen:
        try:
            forgetting.preview([item_id], settings)
        except NightShiftError as error:
            ids.remove(item_id)
            kept.append(Outcome(item_id, title, "kept", str(error), is_bad=True))
    return forgetting.preview(ids, settings), kept


def shown_within_words(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The same without what is secret in what systems said."""
    return [one._replace(words=shown_within(one.words)) for one in outcomes]


def _told(
    request: Request, viewer: Viewer, action: str, outcomes: Sequence[Outcome], back: str
) -> Response:
    """What came of it: back to where it was asked if all is well, else each item that is not."""
    told: dict[str, Any] = {
        "action": action,
        "good": [one for one in outcomes if not one.is_bad],
        "bad": [one for one in outcomes if one.is_bad],
    }
    if is_part(request):
        return page(request, "outcomes_part.html.j2", viewer, **told)
    here = _back(request, back)
    if back and not told["bad"] and action == "requeue":
        return RedirectResponse(here, 303)
    return page(request, "outcomes.html.j2", viewer, back=here, **told)


def _back(request: Request, place: str) -> str:
    """Where somebody came from, with the prefix of a proxy; the library for any other address."""
    prefix = _prefix(request)
    is_ours = place.startswith("/") and not place.startswith(("//", "/\\"))
    if not is_ours or not place.isprintable():
        return f"{prefix}/library"
    return place if place.startswith(f"{prefix}/") else f"{prefix}{place}"


def _noted(chosen: Sequence[tuple[str, str]]) -> str:
    """The items as the audit log has them; of many the first."""
    ids = [item_id for item_id, _ in chosen]
    return ", ".join(ids[:_NOTED]) + (f" +{len(ids) - _NOTED}" if len(ids) > _NOTED else "")


def _prefix(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
