"""What is said in an item: its lines in parts, corrected in place, taken along as files."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from nightshift.pages import item as item_page
from nightshift.pages.item import Asked
from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Editing, Reading, Viewer
from utils.db import corrections, items, transcripts
from utils.db.schema import Item
from utils.db.session import session
from utils.documents import spoken
from utils.documents.spoken import Spoken
from utils.errors import PermanentError, UsageError
from utils.models.record import ItemRecord
from utils.models.sanitize import visible
from utils.models.subtitles import Format
from utils.search import indexing
from utils.search.index import index
from utils.speech import line_edits
from utils.speech.line_edits import ChangedMeanwhileError, Edit
from utils.storage import names
from utils.subtitles.document import Document, rendered

router = APIRouter()
Number = Annotated[int, InPath(ge=0, le=10_000_000)]
Text = Annotated[str, Form(max_length=line_edits.MOST_CHARACTERS)]
_TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip", "json": "application/json",
          "md": "text/markdown", "lrc": "text/plain", "txt": "text/plain"}  # fmt: skip
_LINES = "item_lines.html.j2"
_LINE = "item_line.html.j2"


@router.get("/items/{item_id:checksum}/lines")
def show_lines(
    request: Request, viewer: Reading, item_id: str, asked: Annotated[Asked, Query()]
) -> Response:
    """Show a part of the lines, or those with some words."""
    with session() as s:
        row = items.find(s, item_id)
        if not is_part(request):
            return back(request, row, asked.t, first=asked.first or None, q=asked.q or None)
        return lines(request, viewer, s, row, asked)


def lines(request: Request, viewer: Viewer, s: Session, row: Item, asked: Asked) -> Response:
    """The lines that are asked for, as a part of the page."""
    said = item_page.read(s, row, asked)
    return page(request, _LINES, viewer, **item_page.transcript(s, row, said, asked))


@router.get("/items/{item_id:checksum}/lines/{number}")
def show_line(
    request: Request, viewer: Reading, item_id: str, number: Number, edit: bool = False
) -> Response:
    """Show one line, as it is or to be corrected."""
    if is_part(request):
        return _shown(request, viewer, item_id, number, edit=edit)
    with session() as s:
        row = items.find(s, item_id)
        seconds = _line(s, row, number).start_seconds
    return back(request, row, seconds, number, edit=number if edit else None)


@router.post("/items/{item_id:checksum}/lines/{number}")
def correct_line(
    request: Request,
    viewer: Editing,
    item_id: str,
    number: Number,
    text: Text = "",
    was: Text = "",
) -> Response:
    """Put a person's words into a line; refuse them if it is another by now than they saw."""
    request.state.audit = ("transcript.correct", item_id, {"line": number})
    try:
        with session() as s:
            row = idle(s, item_id)
            made = line_edits.edit(s, row, Edit(number, was, text), viewer.person.name or "pages")
    except ChangedMeanwhileError:
        if not is_part(request):
            raise
        # The line as it stands now, with the words that were not kept: they can be kept still.
        return _shown(request, viewer, item_id, number, edit=True, status=409, given=text)
    record = indexing.renew_words(row.id)
    if is_part(request):
        return indexed(_shown(request, viewer, row.id, number, was=was), request, record)
    return indexed(back(request, row, made.start_seconds, number), request, record)


@router.post("/items/{item_id:checksum}/correction/undo")
def undo_all(request: Request, viewer: Editing, item_id: str) -> Response:
    """Go back to what the machine heard, in all lines."""
    request.state.audit = ("transcript.undo", item_id, None)
    with session() as s:
        row = idle(s, item_id)
        if not corrections.remove(s, row.id):
            raise PermanentError("Nothing is corrected here: there is nothing to undo.")
    record = indexing.renew_words(row.id)
    return indexed(back(request, row, None), request, record)


@router.get("/items/{item_id:checksum}/words")
def words(
    item_id: str, _viewer: Reading, first: Annotated[int, Query(ge=0, le=10_000_000)] = 0
) -> dict[int, list[tuple[float, int]]]:
    """When the words of a part begin, and how long each is."""
    with session() as s:
        return spoken.word_starts(s, items.find(s, item_id), first)


@router.get("/items/{item_id:checksum}/transcript.{form}")
def download(item_id: str, form: Format, _viewer: Reading) -> Response:
    """Send what is said as a file for players or readers."""
    with session() as s:
        row = items.find(s, item_id)
        transcript = transcripts.transcript_of(s, row.id)
        if transcript is None:
            raise UsageError(f"Nothing was transcribed of {visible(row.title)}.")
        document = Document(row.id, row.title, transcript, row.duration_seconds)
    made = rendered(document, form, words=False, speakers=document.has_speakers)
    name = quote(names.of_uploaded(f"{row.title}.{transcript.text_language or 'und'}.{form}"))
    disposition = f"attachment; filename*=UTF-8''{name}"
    return Response(
        made.text, media_type=_TYPES[form], headers={"content-disposition": disposition}
    )  # fmt: skip


def indexed(answer: Response, request: Request, record: ItemRecord | None) -> Response:
    """An answer, behind which what was changed goes into the index of vectors.

    The model for that may take seconds to load: nobody waits for it, and words are found already.
    """
    if record is not None:
        answer.background = BackgroundTask(index, record, request.app.state.settings)
    return answer


def idle(s: Session, item_id: str) -> Item:
    """The item, unless a run has it.

    Raises:
        PermanentError: one does: what is changed now would be overwritten.
    """
    row = items.find(s, item_id)
    if row.claimed_by is not None:
        raise PermanentError(f"A run is working on {visible(row.title)}. Wait until it is done.")
    return row


def back(
    request: Request, row: Item, seconds: float | None, number: int | None = None, **query: Any
) -> Response:
    """To the item's page: to a line of it, where there is one."""
    asked = {"t": seconds, **query}
    told = "&".join(f"{name}={quote(str(one))}" for name, one in asked.items() if one is not None)
    prefix = request.scope.get("root_path", "")
    place = f"{prefix}/items/{row.id}" + (f"?{told}" if told else "")
    place += f"#l{number}" if number is not None else "#transcript"
    if is_part(request):
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return RedirectResponse(place, 303)


def _shown(
    request: Request, viewer: Viewer, item_id: str, number: int, edit: bool = False, **more: Any
) -> Response:
    """One line; ``was`` in ``more``: what stood there before, so that it can be undone."""
    with session() as s:
        row = items.find(s, item_id)
        line = _line(s, row, number)
        said = Spoken((line,), number, 1, spoken.part(s, row, number).said)
        shown = item_page.transcript(s, row, said, Asked(edit=number if edit else None))
        return page(request, _LINE, viewer, **(shown | {"line": line} | more))


def _line(s: Session, row: Item, number: int) -> spoken.Line:
    found = spoken.line(s, row, number)
    if found is None:
        raise UsageError("There is no such line: load the page again.")
    return found
