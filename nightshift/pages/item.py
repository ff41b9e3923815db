"""The page of an item: its player, what is said in it, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.convertors import Convertor, register_url_convertor

from nightshift.api.items import ItemQuery
from nightshift.pages.rendering import page
from nightshift.pages.viewer import Reading
from utils.config import Settings
from utils.db import items, ledger, library, pages
from utils.db.schema import Item
from utils.db.session import session
from utils.distribution import chapters
from utils.documents import item_files, playable, spoken, subtitle_tracks
from utils.documents.item_files import ItemFile
from utils.documents.playable import Playable
from utils.documents.spoken import Spoken
from utils.documents.subtitle_tracks import Track
from utils.models.probe import FfprobeReport
from utils.models.publishing import Chapter
from utils.models.rendition import COMPRESSIONS, Compression
from utils.privacy.redaction import shown_within
from utils.speech import line_edits


class _Checksum(Convertor[str]):
    """An item's id in an address: `/items/export` and its like are other pages."""

    regex = "[0-9a-fA-F]{4,64}"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("checksum", _Checksum())
router = APIRouter()

TABS = ("facts", "files", "history", "alike", "published")
_MOST_SECONDS = 1e7
_LONGEST_LIST = 2_000  # characters of the address of a list


class ItemPage(NamedTuple):
    """What the page shows above its tabs; ``versions``: what plays, the chosen one first."""

    row: Item
    versions: tuple[Playable, ...]
    tracks: tuple[Track, ...]
    chapters: tuple[Chapter, ...]
    picture: ItemFile | None
    original: ItemFile | None
    has_still: bool
    spoken: Spoken


class Asked(NamedTuple):
    """What is asked of the transcript: a time, a part by its first line, words, a line to edit."""

    seconds: float | None
    first: int
    words: str
    edit: int | None


@router.get("/items/{item_id:checksum}")
def show_item(
    request: Request,
    viewer: Reading,
    item_id: str,
    t: Annotated[float | None, Query(ge=0, le=_MOST_SECONDS)] = None,
    first: Annotated[int, Query(ge=0)] = 0,
    q: Annotated[str, Query(max_length=300)] = "",
    edit: Annotated[int | None, Query(ge=0)] = None,
    tab: str = TABS[0],
    file: str | None = None,
    listed: Annotated[str | None, Query(alias="from", max_length=_LONGEST_LIST)] = None,
) -> Response:
    """Show an item; `t` plays from there, `from` is the query of the list that led here."""
    settings: Settings = request.app.state.settings
    asked = Asked(t, first, q, edit)
    with session() as s:
        row = items.find(s, item_id)
        made = _page(s, row, asked, file)
        before, behind = _neighbours(s, row.id, listed)
        return page(
            request,
            "item.html.j2",
            viewer,
            item=row,
            made=made,
            status=items.shown_status(row),
            error=shown_within(row.error) if row.error else None,
            source=shown_within(row.source_url) if row.source_url else None,
            place=_place(s, row),
            before=before,
            behind=behind,
            listed=listed,
            tabs=TABS,
            tab_name=tab if tab in TABS else TABS[0],
            start=t,
            quote=quote,
            **transcript(s, row, made.spoken, asked),
        )


def transcript(s: Session, row: Item, said: Spoken, asked: Asked) -> dict[str, Any]:
    """What the templates of lines want; ``edited`` is the line that is open, and what was heard."""
    line = spoken.line(s, row, asked.edit) if asked.edit is not None else None
    heard = line_edits.heard_at(s, row.id, line.start_seconds, line.end_seconds) if line else None
    return {"item": row, "said": said, "q": asked.words, "edited": line, "heard": heard}


def read(s: Session, row: Item, asked: Asked) -> Spoken:
    """The lines that are asked for."""
    if words := " ".join(asked.words.split()):
        return spoken.holding(s, row, words)
    return spoken.part(s, row, asked.first, asked.seconds)


def _page(s: Session, row: Item, asked: Asked, file: str | None) -> ItemPage:
    files = item_files.of_item(s, row)
    encoded = ledger.latest_result(s, row.id, COMPRESSIONS, Compression)
    found = playable.of(row, files, encoded.rendition if encoded else None)
    versions = sorted(found, key=lambda one: one.name != file) if file else found
    said = read(s, row, asked)
    is_played = playable.is_played(row.kind)
    kinds = {one.kind for one in files}
    return ItemPage(
        row=row,
        versions=tuple(versions) if is_played else (),
        tracks=tuple(subtitle_tracks.of(s, row, said)) if is_played else (),
        chapters=_chapters(s, row) if is_played else (),
        picture=None if is_played else playable.picture(files),
        original=next((one for one in files if one.kind == item_files.ORIGINAL), None),
        has_still="thumbnail" in kinds,
        spoken=said,
    )


def _chapters(s: Session, row: Item) -> tuple[Chapter, ...]:
    report = ledger.latest_result(s, row.id, "extract_ffprobe", FfprobeReport)
    parts = set(library.PARTS) - {"shots"}
    shots = library.load(s, row.id, parts | {"keywords", "description"}).shots
    return chapters.of(report, shots, row.duration_seconds)


def _place(s: Session, row: Item) -> str | None:
    """Where it lies, without what leads there."""
    paths = items.paths_of(s, row.id)
    return f"{paths[0].parent.name}/{paths[0].name}" if paths else None


def _neighbours(s: Session, item_id: str, listed: str | None) -> tuple[str | None, str | None]:
    """The items before and behind this one in the list that led here."""
    if listed is None:
        return None, None
    known = {name: value for name, value in parse_qsl(listed) if name in ItemQuery.model_fields}
    try:
        wanted = ItemQuery.model_validate(known)
    except ValidationError:  # of an address that somebody changed
        return None, None
    status = str(wanted.status) if wanted.status else None
    return pages.neighbours(s, wanted.chosen(), status, wanted.sort, item_id)
