"""A transcript in each of the forms that people take it away in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from utils.models.sanitize import unmarked, visible
from utils.models.subtitles import Format
from utils.models.transcript import Segment, Transcript
from utils.subtitles import cues, formats, tokens
from utils.subtitles.cues import Cue

_PARAGRAPH_SECONDS = 2.0  # a longer pause begins a new one. Chosen.
_PLAYED = {"srt": formats.srt, "vtt": formats.vtt, "lrc": formats.lrc}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


class Document(NamedTuple):
    """What was said in an item, and what is said of that."""

    item_id: str
    title: str
    transcript: Transcript
    duration_seconds: float | None = None

    @property
    def has_word_times(self) -> bool:
        """True if each word of the text was heard at a known time."""
        segments = [one for one in self.transcript.segments if one.text.strip()]
        return bool(segments) and all(map(tokens.has_times, segments))

    @property
    def has_speakers(self) -> bool:
        """True if somebody told the voices apart."""
        return any(one.speaker for one in self.transcript.segments)


class Rendered(NamedTuple):
    """A document in one form; ``too_fast``: so many of its cues can't be read in their time."""

    text: str
    cues: int
    too_fast: int


def rendered(document: Document, form: Format, words: bool, speakers: bool) -> Rendered:
    """The document as a file of this form; ``words`` and ``speakers`` where the form has them."""
    if form in _PLAYED:
        found = laid_out(document, form, speakers)
        text = _PLAYED[form](found, words=words, speakers=speakers)
        return Rendered(text, len(found), sum(cue.is_too_fast for cue in found))
    if form == "json":
        text = json.dumps(_json(document, words), ensure_ascii=False, indent=2) + "\n"
    else:
        text = "".join(
            _markdown(document, speakers) if form == "md" else _plain(document, speakers)
        )
    return Rendered(text, len(document.transcript.segments), 0)


def laid_out(document: Document, form: Format, speakers: bool) -> list[Cue]:
    """Lines for reading: of lyrics one at once; with names where the form has no voices."""
    return cues.of(
        document.transcript,
        with_names=speakers and form != "vtt",
        max_lines=1 if form == "lrc" else 2,
        until=document.duration_seconds,
    )


def _json(document: Document, words: bool) -> dict[str, Any]:
    transcript = document.transcript
    left_out = set() if words else {"words"}
    return {
        "item_id": document.item_id,
        "title": document.title,
        "duration_seconds": document.duration_seconds,
        "language": transcript.text_language,
        "heard_language": transcript.language,
        "is_translated": transcript.is_translated,
        "engine": transcript.engine,
        "text": transcript.text,
        "segments": [one.model_dump(mode="json", exclude=left_out) for one in transcript.segments],
    }


def _plain(document: Document, speakers: bool) -> Iterator[str]:
    for part in _paragraphs(document.transcript.segments):
        name = f"{_line(part[0].speaker)}: " if speakers and part[0].speaker else ""
        yield f"{name}{_text(part)}\n\n"


def _markdown(document: Document, speakers: bool) -> Iterator[str]:
    transcript = document.transcript
    heard = f"Heard: {transcript.language or 'unknown language'}, {transcript.engine}"
    translated = ", translated into English" if transcript.is_translated else ""
    yield f"# {_escaped(document.title)}\n\n{_escaped(heard)}{translated}\n\n"
    for part in _paragraphs(transcript.segments):
        name = f" {_escaped(part[0].speaker)}" if speakers and part[0].speaker else ""
        yield f"**{_minutes(part[0].start_seconds)}{name}** {_escaped(_text(part))}\n\n"


def _paragraphs(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """What one person says without a long pause."""
    part: list[Segment] = []
    for one in segments:
        if part and (
            one.start_seconds - part[-1].end_seconds >= _PARAGRAPH_SECONDS
            or one.speaker != part[-1].speaker
        ):
            yield part
            part = []
        if one.text.strip():
            part.append(one)
    if part:
        yield part


def _text(part: Sequence[Segment]) -> str:
    return " ".join(_line(one.text) for one in part)


def _line(text: str | None) -> str:
    return " ".join(unmarked(text or "").split())


def _escaped(text: str | None) -> str:
    return _MARKDOWN.sub(r"\\\1", visible(_line(text)))


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
