"""A transcript as the smallest parts between which a line may end, each with its times."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from utils.models.sanitize import unmarked
from utils.models.transcript import Segment, Transcript, Word
from utils.subtitles import limits

# What may not begin a line, and what may not end one (Chinese, Japanese and Latin marks).
_SMALL_KANA = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
_CLINGS = "、。，．：；！？）］｝〉》」』】〕’”…‥ー～々ゝゞ,.!?:;)]}%" + _SMALL_KANA
_OPENS = "（［｛〈《「『【〔‘“([{"
_VIRAMA = 9  # the combining class of what joins the next letter to this one
_BREAK = "\u200b"  # between words of Khmer and Thai: no width, and a place to break
# Longer is no word: it lies over silence that was cut out, or over a pause. Chosen.
_LONGEST_WORD = 2.5


class Token(NamedTuple):
    """A word, or a sign of a script without blanks; times in seconds.

    ``is_apart``: a blank stands before it.
    """

    text: str
    start: float
    end: float
    is_apart: bool
    speaker: str | None = None


def of(transcript: Transcript) -> list[Token]:
    """All tokens in the order of time; none begins before the one before it ends."""
    found: list[Token] = []
    for segment in sorted(transcript.segments, key=lambda one: one.start_seconds):
        found += _timed(segment) if has_times(segment) else _shared_out(segment)
    return _in_order(found)


def has_times(segment: Segment) -> bool:
    """True if the segment's words have times, and are the words of its text."""
    heard = "".join(word.text for word in segment.words)
    return bool(segment.words) and heard.split() == segment.text.split()


def joined(tokens: tuple[Token, ...] | list[Token]) -> str:
    """The text of tokens that stand on one line."""
    text = "".join(f" {one.text}" if one.is_apart else one.text for one in tokens)
    return text.removeprefix(" ")


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text between which a line may end, and whether a blank stands before each."""
    for chunk in unmarked(text).split():
        is_apart = True
        for part in filter(None, chunk.split(_BREAK)):
            for piece in _unbroken(part):
                yield piece, is_apart
                is_apart = False


def _unbroken(text: str) -> Iterator[str]:
    """A text without blanks in parts that fit a line."""
    most = limits.ALPHABETIC.line
    units: list[str] = []
    was_wide = False
    for cluster in _clusters(text):
        is_wide = limits.script(cluster[0]) not in (None, limits.HANGUL)
        clings = cluster in _CLINGS or bool(units and units[-1][-1] in _OPENS)
        if units and (clings or not (is_wide or was_wide)) and len(units[-1] + cluster) <= most:
            units[-1] += cluster
        else:
            units.append(cluster)
        was_wide = is_wide
    yield from units


def _clusters(text: str) -> Iterator[str]:
    """Letters with the marks that belong to them."""
    cluster = ""
    for character in text:
        is_mark = unicodedata.category(character).startswith("M") or character in "\u200d\u200c"
        joins = cluster and (
            cluster[-1] == "\u200d" or unicodedata.combining(cluster[-1]) == _VIRAMA
        )
        if cluster and not (is_mark or joins):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _timed(segment: Segment) -> Iterator[Token]:
    for number, word in enumerate(segment.words):
        start, end = _within(word, is_first=number == 0)
        is_apart = number == 0 or word.text[:1].isspace()
        yield from _spread(word.text, start, end, is_apart, segment.speaker)


def _within(word: Word, is_first: bool) -> tuple[float, float]:
    """The times of a word; of one that is too long to be one, those that can be."""
    start, end = word.start_seconds, word.end_seconds
    if end - start > _LONGEST_WORD:
        return (end - _LONGEST_WORD, end) if is_first else (start, start + _LONGEST_WORD)
    return start, end


def _shared_out(segment: Segment) -> Iterator[Token]:
    """The parts of a segment whose words have no times: by their lengths."""
    times = segment.start_seconds, segment.end_seconds
    return _spread(segment.text, *times, True, segment.speaker)


def _spread(
    text: str, start: float, end: float, is_apart: bool, speaker: str | None
) -> Iterator[Token]:
    parts = list(pieces(text))
    each = max(0.0, end - start) / max(1, sum(len(part) for part, _ in parts))
    for number, (part, apart) in enumerate(parts):
        before = start
        start += each * len(part)
        yield Token(part, before, start, apart if number else is_apart, speaker)


def _in_order(found: list[Token]) -> list[Token]:
    ordered: list[Token] = []
    for token in found:
        start = max(token.start, ordered[-1].start if ordered else 0.0)
        if ordered and ordered[-1].end > start:
            ordered[-1] = ordered[-1]._replace(end=start)
        ordered.append(token._replace(start=start, end=max(start, token.end)))
    return ordered
