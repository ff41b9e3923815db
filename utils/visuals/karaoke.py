"""The words of a song as screens: what is sung, in rows that fit, each part with its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from utils.analysis import romanisation as rules
from utils.models.transcript import Segment, Transcript, Word
from utils.subtitles import tokens
from utils.visuals import bidi, clusters, font_choice, typesetting

MAX_ROWS = 3
_LEAD_SECONDS = 1.2  # a line is there before it is sung. Chosen, as the next.
_STAY_SECONDS = 0.8  # and after
_LONGEST_SECONDS, _PIECE_SECONDS = 4.0, 1.5  # of a word; of each of its parts. Chosen.
_REFERENCE = 100  # the size at which rows are measured


class Part(NamedTuple):
    """What is lit at once; ``is_apart``: a blank stands before it. Times in seconds."""

    text: str
    start: float
    end: float
    is_apart: bool


class Screen(NamedTuple):
    """What is shown at once, from ``shown`` to ``gone``; it is sung from ``start`` to ``end``."""

    shown: float
    gone: float
    rows: tuple[tuple[Part, ...], ...]
    romanised: str
    is_right_to_left: bool

    @property
    def start(self) -> float:
        """When its first part is sung."""
        return self.rows[0][0].start

    @property
    def end(self) -> float:
        """When its last part was sung."""
        return self.rows[-1][-1].end

    @property
    def text(self) -> str:
        """All of it on one line."""
        return joined([part for row in self.rows for part in row])


class Song(NamedTuple):
    """All screens; ``warnings``: what of the words is not as it should be."""

    screens: tuple[Screen, ...]
    warnings: tuple[str, ...] = ()


def of(transcript: Transcript, romanisation: str | None, width: float, seconds: float) -> Song:
    """The screens of a transcript, in the order of time.

    Args:
        transcript: The words; those without times share the time of their segment.
        romanisation: Of all of it; where it has other lines than the transcript, letters are
            replaced one by one. None: none is wanted.
        width: Of a row, in the size of its type.
        seconds: How long the song is; nothing is sung behind its end.
    """
    segments = [
        one for one in sorted(transcript.segments, key=lambda one: one.start_seconds)
        if one.text.strip() and one.start_seconds < seconds
    ]  # fmt: skip
    said, lines = _romanised(romanisation, segments, transcript.text_language)
    untimed = sum(not tokens.has_times(one) for one in segments)
    if untimed:
        said.append(
            f"{untimed} of {len(segments)} lines have no times of words: theirs are spread evenly "
            "over the line. Transcribe with --words for true ones."
        )
    screens: list[Screen] = []
    lacking: list[str] = []
    for segment, line in zip(segments, lines, strict=True):
        parts = list(_parts(segment, seconds, lacking))
        screens += _screens(parts, line, width)
    if complaint := font_choice.complaint(tuple(dict.fromkeys(lacking))):
        said.append(complaint)
    return Song(tuple(_timed(screens, seconds)), tuple(said))


def joined(row: Sequence[Part]) -> str:
    """The text of a row."""
    return "".join(" " * (part.is_apart and at > 0) + part.text for at, part in enumerate(row))


def rows_of(text: str, width: float) -> list[str]:
    """A text in as few rows as there can be, of at most this width in the size of its type."""
    parts = [Part(piece, 0, 0, apart) for piece, apart in clusters.pieces(text)]
    small = [one for part in parts for one in _cut(part, width)]
    return [joined(row) for row in _rows(small, width)]


def _romanised(
    romanisation: str | None, segments: Sequence[Segment], language: str | None
) -> tuple[list[str], list[str]]:
    """What is to be said of it, and the line of each segment."""
    none = [""] * len(segments)
    if romanisation is None:
        return [], none
    lines = [line.strip() for line in romanisation.splitlines() if line.strip()]
    said = []
    if lines and len(lines) != len(segments):
        said.append(
            f"The romanisation that is known has {len(lines)} lines, the words have "
            f"{len(segments)}: it can't be laid below them."
        )
    made = (rules.by_rules(segments, language) or "").splitlines()
    lines = lines if len(lines) == len(segments) else made
    if not lines:
        return said, none
    if lines == made:
        said.append(
            f"Romanised by {rules.BY}: rough, of no standard. "
            "NIGHTSHIFT_PIPELINE__LYRIC_VIDEO__ROMANISATION=false leaves it out."
        )
    pairs = zip(lines, segments, strict=True)
    plain = [line if line.split() != segment.text.split() else "" for line, segment in pairs]
    return said, [font_choice.drawable(line).text for line in plain]


def _parts(segment: Segment, seconds: float, lacking: list[str]) -> Iterator[Part]:
    """A segment in parts between which a row may end, none behind the song's end."""
    now = 0.0
    for word, is_apart in _words(segment):
        drawable = font_choice.drawable(word.text)
        lacking += drawable.lacking
        pieces = list(clusters.pieces(drawable.text))
        start = min(max(now, word.start_seconds), seconds)
        now = min(max(start, word.end_seconds), seconds)
        each = (now - start) / max(1, sum(len(text) for text, _ in pieces))
        for number, (text, apart) in enumerate(pieces):
            before, start = start, start + each * len(text)
            yield Part(text, before, start, apart if number else is_apart)


def _words(segment: Segment) -> Iterator[tuple[Word, bool]]:
    """Its words, and whether a blank stands before each; the whole as one where none has times."""
    if not tokens.has_times(segment):
        start, end = segment.start_seconds, segment.end_seconds
        yield Word(text=segment.text, start_seconds=start, end_seconds=end), True
        return
    for number, word in enumerate(segment.words):
        is_first = number == 0
        yield _as_sung(word, is_first), is_first or word.text[:1].isspace()


def _as_sung(word: Word, is_first: bool) -> Word:
    """A word without the pause that was counted to it.

    A note may be held; in writing without blanks a word is a whole line.
    """
    pieces = len(list(clusters.pieces(clusters.on_one_line(word.text))))
    most = max(_LONGEST_SECONDS, pieces * _PIECE_SECONDS)
    start, end = word.start_seconds, word.end_seconds
    if end - start <= most:
        return word
    start, end = (end - most, end) if is_first else (start, start + most)
    return word.model_copy(update={"start_seconds": start, "end_seconds": end})


def _screens(parts: Sequence[Part], romanised: str, width: float) -> Iterator[Screen]:
    rows = _rows([small for part in parts for small in _cut(part, width)], width)
    groups = [rows[at : at + MAX_ROWS] for at in range(0, len(rows), MAX_ROWS)]
    is_rtl = bidi.is_right_to_left("".join(part.text for part in parts))
    words = romanised.split()
    done, total = 0, max(1, len(parts))
    for group in groups:
        begin = round(len(words) * done / total)
        done += sum(len(row) for row in group)
        end = len(words) if group is groups[-1] else round(len(words) * done / total)
        yield Screen(0, 0, tuple(map(tuple, group)), " ".join(words[begin:end]), is_rtl)


def _cut(part: Part, width: float) -> Iterator[Part]:
    """A part that is wider than a row, cut between letters."""
    if _wide(part.text) <= width:
        yield part
        return
    found = list(clusters.of(part.text))
    each = (part.end - part.start) / len(found)
    for number, cluster in enumerate(found):
        start = part.start + number * each
        yield Part(cluster, start, start + each, part.is_apart and number == 0)


def _rows(parts: Sequence[Part], width: float) -> list[list[Part]]:
    """As few rows as there can be, of lengths as even as can be."""
    widths = [_wide(part.text) for part in parts]
    blank = _wide(" ")
    best = _filled(parts, widths, blank, width)
    low, high = max(widths, default=0.0), width
    for _ in range(10):
        middle = (low + high) / 2
        tried = _filled(parts, widths, blank, middle)
        if len(tried) <= len(best):
            best, high = tried, middle
        else:
            low = middle
    return best


def _filled(
    parts: Sequence[Part], widths: Sequence[float], blank: float, width: float
) -> list[list[Part]]:
    rows: list[list[Part]] = []
    used = 0.0
    for part, wide in zip(parts, widths, strict=True):
        gap = blank * part.is_apart
        if rows and used + gap + wide <= width:
            rows[-1].append(part)
            used += gap + wide
        else:
            rows.append([part])
            used = wide
    return rows


def _wide(text: str) -> float:
    """How wide a text is in bold type, in the size of the type."""
    return typesetting.measured(text, _REFERENCE, True) / _REFERENCE


def _timed(screens: Sequence[Screen], seconds: float) -> Iterator[Screen]:
    """Each screen from a little before its words to a little after, none over another."""
    gone = 0.0
    for number, screen in enumerate(screens):
        following = screens[number + 1].start if number + 1 < len(screens) else seconds
        shown = min(screen.start, max(gone, screen.start - _LEAD_SECONDS))
        room = max(screen.start + 0.1, following)
        gone = min(room, max(screen.end, min(screen.end + _STAY_SECONDS, following - 0.1)))
        yield screen._replace(shown=max(0.0, shown), gone=min(gone, seconds))
