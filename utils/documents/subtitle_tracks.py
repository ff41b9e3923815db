"""The subtitles that a player offers for an item, as WebVTT."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pysubs2 import SSAFile
from pysubs2.exceptions import Pysubs2Error
from sqlalchemy.orm import Session

from utils.db import items, ledger, transcripts
from utils.db.schema import Item
from utils.documents import spoken
from utils.documents.spoken import Spoken
from utils.metadata import languages, text_encoding
from utils.models.sidecars import SidecarReport
from utils.models.transcript import Transcript
from utils.subtitles.document import Document, rendered

SPOKEN, TRANSLATED = "spoken", "translated"
_MAX_BYTES = 10 * 2**20  # a film's subtitles have 0.1 MB. Chosen.
_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")


class Track(NamedTuple):
    """A track: ``name`` is what it is asked for by; ``file`` the name of a person's own."""

    name: str
    language: str | None
    file: str | None = None


def of(s: Session, row: Item, said: Spoken) -> list[Track]:
    """What was said, its translation, and a person's own files beside the item."""
    found = []
    if said.total:
        found.append(Track(SPOKEN, said.language))
        if spoken.has_translation(s, row.id, said.total):
            found.append(Track(TRANSLATED, "en"))
    return found + _own_files(s, row)


def text(s: Session, row: Item, name: str) -> str | None:
    """A track as WebVTT; None if there is none of that name, or it can't be read."""
    if name == SPOKEN:
        return _rendered(row, transcripts.transcript_of(s, row.id))
    if name == TRANSLATED:
        return _rendered(row, spoken.translation(s, row.id))
    track = next((one for one in _own_files(s, row) if one.name == name), None)
    place = items.path_here(s, row.id)
    return _read(place.parent / track.file) if track and track.file and place else None


def _rendered(row: Item, transcript: Transcript | None) -> str | None:
    if transcript is None:
        return None
    document = Document(row.id, row.title, transcript, row.duration_seconds)
    return rendered(document, "vtt", words=False, speakers=document.has_speakers).text


def _own_files(s: Session, row: Item) -> list[Track]:
    report = ledger.latest_result(s, row.id, "read_sidecars", SidecarReport)
    own = [one for one in (report.files if report else ()) if one.kind == "subtitle"]
    return [
        Track(f"file-{number}", languages.normal(one.language), one.name)
        for number, one in enumerate(own)
    ]


def _read(path: Path) -> str | None:
    """A person's file as WebVTT."""
    if path.suffix.lower() not in _SUFFIXES or path.is_symlink():
        return None
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text, _ = text_encoding.decoded(content)
        if len(content) > _MAX_BYTES:
            return None
        return SSAFile.from_string(text).to_string("vtt")
    except (OSError, Pysubs2Error, ValueError):
        return None
