"""What is said in a package, in the forms that players and feeds read."""

from __future__ import annotations

import json
from typing import Any

from utils.distribution.xml_text import line
from utils.models.publishing import Package
from utils.models.subtitles import Format
from utils.models.transcript import Transcript
from utils.subtitles.document import Document, rendered

MIME_TYPES = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "lrc": "text/plain",
    "json": "application/json",
}


def are_there(package: Package) -> bool:
    """True if anything is said in it."""
    return any(one.text.strip() for one in package.segments)


def text(package: Package, form: Format) -> str:
    """Subtitles or lyrics; names of speakers where they are known."""
    transcript = Transcript(engine="", language=package.language, segments=package.segments)
    document = Document(package.item_id, package.title, transcript, package.duration_seconds)
    return rendered(document, form, words=False, speakers=document.has_speakers).text


def podcast_json(package: Package) -> str:
    """The transcript as the podcast namespace has it (its transcripts.md, version 1.0.0)."""
    segments: list[dict[str, Any]] = []
    for one in package.segments:
        if not one.text.strip():
            continue
        speaker = {"speaker": line(one.speaker)} if one.speaker else {}
        times = {"startTime": one.start_seconds, "endTime": one.end_seconds}
        segments.append({**speaker, **times, "body": line(one.text)})
    return json.dumps({"version": "1.0.0", "segments": segments}, ensure_ascii=False)
