"""A person's words from a file: subtitles with their times, or plain text that is given some.

The file is a stranger's: bounded in size and lines, any encoding, and nothing of it is obeyed.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import NamedTuple

import pysubs2
from sqlalchemy.orm import Session

from utils.db import corrections as table
from utils.db import ledger, transcripts
from utils.db.schema import Item
from utils.errors import PermanentError, UsageError, from_os_error
from utils.metadata import text_encoding
from utils.models.sanitize import unmarked
from utils.models.transcript import Segment, Transcript
from utils.speech import alignment

SUFFIXES = (".srt", ".vtt", ".txt")
_MAX_BYTES = 10 * 2**20  # a film's subtitles have 0.1 MB. Chosen.
_MAX_LINES = 50_000
_MAX_LINE = 5_000  # characters
_AFTER_SECONDS = 1.0  # a line may begin so long after the end of what it belongs to
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^<>]{1,100})>")
_MARKS = re.compile("[\ufeff\u200e\u200f]")


class Reading(NamedTuple):
    """What a file says: its segments, and ``told``: what was guessed in reading it."""

    segments: tuple[Segment, ...]
    told: tuple[str, ...]


def read(path: Path, heard: Transcript | None, duration_seconds: float | None) -> Reading:
    """A person's words for an item, out of a file; raises as ``understood`` does."""
    return understood(content(path), path.name, heard, duration_seconds)


def understood(
    content: bytes, name: str, heard: Transcript | None, duration_seconds: float | None
) -> Reading:
    """A person's words for an item.

    Args:
        content: Of a file.
        name: Of it, which ends in one of ``SUFFIXES``.
        heard: What a machine heard: it gives plain text its times.
        duration_seconds: Of the item, None where it is unknown.

    Raises:
        UsageError: there is no such file, or it is of no kind that is read here.
        PermanentError: nothing can be read in it, or it belongs to something longer.
    """
    suffix = Path(name).suffix.lower()
    text, told = _text(content, name)
    if suffix == ".txt":
        aligned = alignment.align(text, heard, duration_seconds, name)
        return Reading(aligned.segments, (*told, *aligned.told))
    segments = _segments(text, suffix, name)
    last = segments[-1].start_seconds
    if duration_seconds and last > duration_seconds + _AFTER_SECONDS:
        raise PermanentError(
            f"The last line of {name} begins at {last:.0f} s, and the item is "
            f"{duration_seconds:.0f} s long. Is it the right file? Nothing was changed."
        )
    return Reading(segments, told)


def keep(s: Session, item: Item, content: bytes, name: str) -> list[str]:
    """Keep a person's words for an item; what is to be said of them. Raises as ``understood``."""
    heard = ledger.latest_result(s, item.id, transcripts.STEP, Transcript)
    reading = understood(content, name, heard, item.duration_seconds)
    table.save(s, item.id, reading.segments, name)
    count = len(reading.segments)
    lines = "1 line stands" if count == 1 else f"{count} lines stand"
    told = f"{item.title}: {lines} above the machine's, out of {name}."
    return [told, *reading.told]


def content(path: Path) -> bytes:
    """What is in a person's file.

    Raises:
        UsageError: there is no such file, or it is of no kind that is read here.
        PermanentError: it is too large.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path.name} is none of {', '.join(SUFFIXES)}.")
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file. Check the spelling.")
        with path.open("rb") as file:
            found = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    if len(found) > _MAX_BYTES:
        raise PermanentError(f"{path.name} is larger than 10 MB: that is no text of one item.")
    return found


def _text(content: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and what was guessed of its encoding."""
    text, encoding = text_encoding.decoded(content)
    if "\0" in text:
        raise PermanentError(f"{name} is no text: it has zero bytes in it. Nothing was changed.")
    told = (f"its encoding is not UTF-8; read as {encoding}, which is a guess",) if encoding else ()
    return _MARKS.sub("", unmarked(text)), told


def _segments(text: str, suffix: str, name: str) -> tuple[Segment, ...]:
    if text.count("\n") > 5 * _MAX_LINES:
        raise PermanentError(f"{name} has more than {_MAX_LINES:,} lines. Nothing was changed.")
    form = suffix.removeprefix(".")
    try:
        # Braces are a person's words here and no commands of ASS, as pysubs2 takes them for.
        safe = text.replace("{", "\ue000").replace("}", "\ue001")
        events = pysubs2.SSAFile.from_string(safe, form, keep_unknown_html_tags=True).events
    except (pysubs2.Pysubs2Error, ValueError, OverflowError) as error:
        raise PermanentError(f"{name} can't be read as {form}: {error}") from error
    found = [segment for event in events if (segment := _segment(event, name))]
    if not found:
        raise PermanentError(f"{name} has no line with a time and a text. Nothing was changed.")
    return tuple(sorted(found, key=lambda one: (one.start_seconds, one.end_seconds)))


def _segment(event: pysubs2.SSAEvent, name: str) -> Segment | None:
    """One line of subtitles; None where nothing is said in it."""
    raw = event.text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    raw = re.sub(r"\{[^}]*\}", "", raw)  # what pysubs2 made of <i> and its like
    voice = _VOICE.search(raw)
    plain = html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", raw))
    text = " ".join(plain.replace("\ue000", "{").replace("\ue001", "}").split())
    if not text:
        return None
    if len(text) > _MAX_LINE:
        raise PermanentError(f"A line of {name} is longer than {_MAX_LINE:,} characters.")
    if event.end <= event.start or event.start < 0:
        raise PermanentError(
            f"A line of {name} ends before it begins: {text[:40]!r} at {event.start / 1000:.1f} s. "
            "Nothing was changed."
        )
    return Segment(
        start_seconds=event.start / 1000,
        end_seconds=event.end / 1000,
        text=text,
        speaker=" ".join(html.unescape(voice[1]).split()) or None if voice else None,
    )
