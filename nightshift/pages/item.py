"""The page of an item: its player, what is said in it, and what is known of it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.convertors import Convertor, register_url_convertor

from nightshift.pages import filters, item_facts
from nightshift.pages.rendering import page
from nightshift.pages.viewer import Reading, Viewer
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

TABS = item_facts.TABS
_MOST_SECONDS = 1e7
_HUES = 6  # colours of speakers (static/item.css)
_NOT_SHOTS = frozenset(
    ("tracks", "segments", "notes", "texts", "thumbnails", "criteria", "keywords", "description")
)


class Asked(BaseModel):
    """What is asked of an item's page: where it plays from, which lines, which tab."""

    t: float | None = Field(None, ge=0, le=_MOST_SECONDS, description="Seconds.")
    first: int = Field(0, ge=0, le=10_000_000, description="The first line of a part.")
    q: str = Field("", max_length=300, description="Words that lines must have.")
    edit: int | None = Field(None, ge=0, le=10_000_000, description="The line to correct.")
    tab: str = ""
    file: str | None = Field(None, description="Which of the files that play.")
    listed: str | None = Field(
        None, alias="from", max_length=2_000, description="The query of the list that led here."
    )


class Media(NamedTuple):
    """What is seen and heard of an item; ``versions``: what plays, the chosen one first."""

    versions: tuple[Playable, ...]
    tracks: tuple[Track, ...]
    chapters: tuple[Chapter, ...]
    picture: ItemFile | None
    original: ItemFile | None
    has_still: bool
    has_cover: bool = False


@router.get("/items/{item_id:checksum}")
def show_item(
    request: Request, viewer: Reading, item_id: str, asked: Annotated[Asked, Query()]
) -> Response:
    """Show an item."""
    with session() as s:
        row = items.find(s, item_id)
        said = read(s, row, asked)
        before, behind = _neighbours(s, request, viewer, row.id, asked.listed)
        shown: dict[str, Any] = {
            "media": _media(s, row, said, asked.file),
            "head": _head(s, row),
            "before": before,
            "behind": behind,
            "asked": asked,
            "tab": _tab(s, row, asked, request.app.state.settings),
        }
        return page(request, "item.html.j2", viewer, **shown, **transcript(s, row, said, asked))


def transcript(s: Session, row: Item, said: Spoken, asked: Asked) -> dict[str, Any]:
    """What the templates of lines want; ``edited`` is the line that is open, and what was heard."""
    line = spoken.line(s, row, asked.edit) if asked.edit is not None else None
    heard = line_edits.heard_at(s, row.id, line.start_seconds, line.end_seconds) if line else None
    return {
        "item": row,
        "said": said,
        "q": " ".join(asked.q.split()),
        "edited": line,
        "heard": heard,
        "given": None,
        "was": None,
        "hue": _hue,
        "found_in": _found_in,
    }


def _hue(label: str) -> int:
    """Which of the colours of speakers a label has: the same on every page."""
    return zlib.crc32(label.encode()) % _HUES


def _found_in(text: str, words: str) -> list[tuple[str, bool]]:
    """A text in parts, and of each whether it is what was looked for."""
    parts = re.split(f"({re.escape(words)})", text.strip(), flags=re.IGNORECASE)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _tab(s: Session, row: Item, asked: Asked, settings: Settings) -> dict[str, Any] | None:
    """What the tab shows that is asked for; None: the page asks for the facts once it is shown."""
    return item_facts.context(s, row, asked.tab, settings) if asked.tab in TABS else None


def read(s: Session, row: Item, asked: Asked) -> Spoken:
    """The lines that are asked for."""
    if words := " ".join(asked.q.split()):
        return spoken.containing(s, row, words)
    return spoken.part(s, row, asked.first, asked.t)


def _head(s: Session, row: Item) -> dict[str, Any]:
    """What stands above the player."""
    paths = items.paths_of(s, row.id)
    return {
        "status": items.shown_status(row),
        "error": shown_within(row.error) if row.error else None,
        "source": shown_within(row.source_url) if row.source_url else None,
        "place": f"{paths[0].parent.name}/{paths[0].name}" if paths else None,
    }


def _media(s: Session, row: Item, said: Spoken, file: str | None) -> Media:
    files = item_files.of_item(s, row)
    original = next((one for one in files if one.kind == item_files.ORIGINAL), None)
    has_still = any(one.kind == "thumbnail" for one in files)
    if not playable.is_played(row.kind):
        return Media((), (), (), playable.picture(files), original, has_still)
    encoded = ledger.latest_result(s, row.id, COMPRESSIONS, Compression)
    found = playable.of(row, files, encoded.rendition if encoded else None)
    return Media(
        versions=tuple(sorted(found, key=lambda one: one.name != file)),
        tracks=tuple(subtitle_tracks.of(s, row, said)),
        chapters=_chapters(s, row),
        picture=None,
        original=original,
        has_still=has_still,
        has_cover=_has_cover(files),
    )


def _has_cover(files: Sequence[ItemFile]) -> bool:
    """True if the picture that stands for a sound is a cover; else it is its drawn wave itself."""
    return {"thumbnail", "waveform"} <= {one.kind for one in files}


def _chapters(s: Session, row: Item) -> tuple[Chapter, ...]:
    report = ledger.latest_result(s, row.id, "extract_ffprobe", FfprobeReport)
    shots = library.load(s, row.id, _NOT_SHOTS).shots
    return chapters.of(report, shots, row.duration_seconds)


def _neighbours(
    s: Session, request: Request, viewer: Viewer, item_id: str, listed: str | None
) -> tuple[str | None, str | None]:
    """The items before and behind this one in the list that led here."""
    if listed is None:
        return None, None
    wanted = filters.of_query(dict(parse_qsl(listed)), request, viewer)
    return pages.neighbours(s, wanted.filters, wanted.sort, item_id)
