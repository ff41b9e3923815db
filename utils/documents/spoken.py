"""What is said in an item as people read it: lines, with what stands below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.db import ledger, segments, transcripts
from utils.db.schema import Item
from utils.db.segments import Said
from utils.models.analysis import Analysis, Understanding
from utils.models.transcript import Segment, Transcript
from utils.subtitles import tokens

PART = 1_000  # lines that a page has at once. Chosen.
MOST_FOUND = 200  # lines with a word that is looked for


class Line(NamedTuple):
    """One line; ``number`` counts from 0, times are seconds, the last two stand below the text."""

    number: int
    start_seconds: float
    end_seconds: float
    text: str
    language: str | None
    speaker: str | None
    romanised: str | None = None
    translated: str | None = None


class Spoken(NamedTuple):
    """Some lines of an item, from number ``first`` on; ``total`` is how many there are."""

    lines: tuple[Line, ...]
    first: int
    total: int
    said: Said

    @property
    def before(self) -> int | None:
        """Where the part before begins; None if this is the first."""
        return max(0, self.first - PART) if self.first else None

    @property
    def behind(self) -> int | None:
        """Where the part behind begins; None if this is the last."""
        end = self.first + PART
        return end if end < self.total else None

    @property
    def language(self) -> str | None:
        """The language of the text."""
        return "en" if self.said.is_translated else self.said.language


def part(s: Session, row: Item, first: int = 0, seconds: float | None = None) -> Spoken:
    """The lines from number ``first`` on, or the part with those around a time."""
    total = segments.count(s, row.id)
    if seconds is not None and total > PART:
        first = segments.at(s, row.id, seconds) // PART * PART
    lines = [_of_row(one) for one in segments.part(s, row.id, first, PART)]
    if not total and row.processed_at is None:
        lines = _unsaved(s, row.id)
        first, total = 0, len(lines)
    said = segments.said(s, row.id, transcripts.STEP)
    return Spoken(_beside(s, row.id, lines, total), first, total, said)


def containing(s: Session, row: Item, wanted: str) -> Spoken:
    """The first lines in which some words stand."""
    found = [_of_row(one) for one in segments.containing(s, row.id, wanted, MOST_FOUND)]
    total = segments.count(s, row.id)
    said = segments.said(s, row.id, transcripts.STEP)
    return Spoken(_beside(s, row.id, found, total), 0, len(found), said)


def line(s: Session, row: Item, number: int) -> Line | None:
    """One line by its number."""
    transcript = transcripts.transcript_of(s, row.id)
    if transcript is None or not 0 <= number < len(transcript.segments):
        return None
    return _line(transcript, number)


def word_starts(s: Session, row: Item, first: int) -> dict[int, list[tuple[float, int]]]:
    """Of lines whose words have times: when each begins, and its length in characters.

    The lengths add up to the text without blanks at its ends. Of the part from ``first`` on.
    """
    transcript = transcripts.transcript_of(s, row.id)
    here = transcript.segments[first : first + PART] if transcript else ()
    return {
        number: starts
        for number, one in enumerate(here, start=first)
        if tokens.has_times(one) and (starts := _starts(one))
    }


def _starts(segment: Segment) -> list[tuple[float, int]]:
    texts = [word.text for word in segment.words]
    texts[0], texts[-1] = texts[0].lstrip(), texts[-1].rstrip()
    if "".join(texts) != segment.text.strip():
        return []
    return [
        (round(word.start_seconds, 2), len(text))
        for word, text in zip(segment.words, texts, strict=True)
    ]


def translation(s: Session, item_id: str) -> Transcript | None:
    """The English translation with the times of what was said; None if its lines are others'."""
    read = _understanding(s, item_id)
    spoken = transcripts.transcript_of(s, item_id) if read and read.translation else None
    if read is None or spoken is None:
        return None
    lines = _fitting(read.translation, len(spoken.segments))
    if not lines:
        return None
    pairs = zip(spoken.segments, lines, strict=True)
    put = tuple(one.model_copy(update={"text": text, "words": ()}) for one, text in pairs)
    return spoken.model_copy(update={"segments": put, "language": "en"})


def has_translation(s: Session, item_id: str, total: int) -> bool:
    """True if ``translation`` has one, for an item with so many lines."""
    read = _understanding(s, item_id)
    return bool(read and _fitting(read.translation, total))


def _unsaved(s: Session, item_id: str) -> list[Line]:
    """The lines of an item whose first run is not over: no row has them yet."""
    transcript = transcripts.transcript_of(s, item_id)
    if transcript is None:
        return []
    return [_line(transcript, number) for number in range(min(PART, len(transcript.segments)))]


def _line(transcript: Transcript, number: int) -> Line:
    one = transcript.segments[number]
    return _of_row(
        (number, one.start_seconds, one.end_seconds, one.text, one.language, one.speaker)
    )


def _of_row(row: Any) -> Line:
    """A line; its times to the hundredth of a second, which nobody hears."""
    number, start, end, *rest = row
    return Line(number, round(start, 2), round(end, 2), *rest)


def _beside(s: Session, item_id: str, lines: Sequence[Line], total: int) -> tuple[Line, ...]:
    """The same with what stands below each, where there is a line of it for each."""
    read = _understanding(s, item_id) if lines else None
    below: dict[str, list[str]] = {}
    for name, text in (
        ("romanised", read.romanisation if read else None),
        ("translated", read.translation if read else None),
    ):  # fmt: skip
        if found := _fitting(text, total):
            below[name] = found
    if not below:
        return tuple(lines)
    return tuple(
        one._replace(**_differing(one, {name: of[one.number] for name, of in below.items()}))
        for one in lines
    )


def _differing(line: Line, below: dict[str, str]) -> dict[str, Any]:
    """Without what says the same as the line itself."""
    return {name: text for name, text in below.items() if text.split() != line.text.split()}


def _fitting(text: str | None, number: int) -> list[str] | None:
    """A text as lines beside ``number`` others; None if they don't fit."""
    lines = text.split("\n") if text else []
    return lines if lines and len(lines) == number else None


def _understanding(s: Session, item_id: str) -> Understanding | None:
    found = ledger.latest_result(s, item_id, "analyze_content", Analysis)
    return found.understanding if found else None
