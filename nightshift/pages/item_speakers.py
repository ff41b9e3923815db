"""Who speaks in an item, named where it is read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi import Path as InPath
from sqlalchemy.orm import Session

from nightshift.pages import item_words
from nightshift.pages.item import Asked
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Editing, Reading, Viewer
from utils.db import items, voices
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models.speakers import MAX_SPEAKERS, Voice
from utils.search import indexing

router = APIRouter()
_MOST_SUGGESTED = 300
Number = Annotated[int, InPath(ge=1, le=10 * MAX_SPEAKERS)]
Line = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/items/{item_id:checksum}/speakers")
def ask_name(
    request: Request,
    viewer: Reading,
    item_id: str,
    label: Annotated[str, Query(max_length=300)],
    line: Line = 0,
    first: Line = 0,
) -> Response:
    """Ask who it is that a label stands for, with the names that are known."""
    with session() as s:
        row = items.find(s, item_id)
        if not is_part(request):
            return item_words.back(request, row, None, line)
        voice = _voice(s, row.id, label)
        known = [name for name, _ in voices.known(s)][:_MOST_SUGGESTED]
        return page(
            request, "item_speaker.html.j2", viewer, item=row, voice=voice, known=known, line=line,
            first=first, label=label, longest=voices.MAX_NAME,
        )  # fmt: skip


@router.post("/items/{item_id:checksum}/speakers/{number}")
def name_speaker(
    request: Request,
    viewer: Editing,
    item_id: str,
    number: Number,
    name: Annotated[str, Form(max_length=300)] = "",
    first: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Say who a speaker is: the name belongs to the voice, and stays with it."""
    request.state.audit = ("speaker.name", item_id, {"speaker": number})
    with session() as s:
        row = item_words.idle(s, item_id)
        voices.name(s, row.id, number, name)
    return _renewed(request, viewer, row.id, first)


@router.post("/items/{item_id:checksum}/speakers")
def recognise(
    request: Request,
    viewer: Editing,
    item_id: str,
    first: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Call voices by names that people gave them in other items."""
    request.state.audit = ("speaker.recognise", item_id, None)
    with session() as s:
        row = item_words.idle(s, item_id)
        if not voices.recognise(s, row.id):
            raise PermanentError(
                f"Nobody was recognised: it takes {voices.RECOGNISED_SECONDS:g} s of a voice, here "
                "and in an item where it was named."
            )
    return _renewed(request, viewer, row.id, first)


def _renewed(request: Request, viewer: Viewer, item_id: str, first: int) -> Response:
    record = indexing.renew_words(item_id)
    with session() as s:
        row = items.find(s, item_id)
        if is_part(request):
            answer = item_words.lines(request, viewer, s, row, Asked(first=first))
        else:
            answer = item_words.back(request, row, None)
    return item_words.indexed(answer, request, record)


def _voice(s: Session, item_id: str, label: str) -> Voice:
    """The voice of a label.

    Raises:
        UsageError: there is none: a person wrote the name into a file of subtitles.
    """
    found = voices.speakers_of(s, item_id)
    for voice in found.voices if found else ():
        if voice.label == label:
            return voice
    raise UsageError("This name is not of a voice: it was written into the subtitles by hand.")
