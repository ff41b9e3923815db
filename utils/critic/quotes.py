"""Whether a quote really stands in a text.

Compared without case, punctuation, blanks and invisible characters, in one form of Unicode
(NFKC): Khmer and Thai have no blanks between words, or invisible ones.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

# Chosen: shorter ones stand in any text. Letters of alphabets, characters of other scripts.
_LEAST_LATIN, _LEAST_OTHER = 12, 6
_LEAST_WHOLE = 3  # of a quote that is a whole line (a title of one word)
_LEAST_PART = 4  # on each side of what a quote leaves out
_GAP = "\n"  # no folded text has one
_LEFT_OUT = re.compile(r"\s*(?:\[?\.\.\.\]?|\[?…\]?)\s*")


class Line(NamedTuple):
    """A text to be quoted; ``follows`` is False where something is left out before it."""

    text: str
    start_seconds: float | None = None
    follows: bool = False


class Place(NamedTuple):
    """Where a quote stands: the line's number, and its time if it has one."""

    line: int
    start_seconds: float | None


def folded(text: str) -> str:
    """``text`` as it is compared: letters, marks and digits alone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = unicodedata.normalize("NFKC", plain)  # casefold undoes it for a few
    return "".join(one for one in plain if unicodedata.category(one)[0] in "LMN")


class Quotable:
    """Lines in which quotes are looked up; those that follow each other may be quoted across."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = [(folded(line.text), line) for line in lines]
        self._starts: list[int] = []
        text = ""
        pieces, at = [], 0
        for plain, line in self._lines:
            gap = "" if line.follows else _GAP
            self._starts.append(at + len(gap))
            pieces.append(gap + plain)
            at += len(gap) + len(plain)
        text = "".join(pieces)
        self._text = text
        self._whole = {plain: number for number, (plain, _) in enumerate(self._lines)}

    def find(self, quote: str) -> Place | None:
        """Where ``quote`` stands; None if it does not, or is too short to say anything."""
        parts = [part for part in map(folded, _LEFT_OUT.split(quote)) if part]
        whole = "".join(parts)
        if len(whole) >= _LEAST_WHOLE and whole in self._whole:
            return self._place(self._whole[whole])
        if len(whole) < _least(whole):
            return None
        if len(parts) > 1 and min(map(len, parts)) < _LEAST_PART:
            return None
        begin, at = -1, 0
        for part in parts:
            found = self._text.find(part, at)
            if found < 0:
                return None
            begin, at = (found if begin < 0 else begin), found + len(part)
        return self._place(bisect_right(self._starts, begin) - 1)

    def _place(self, number: int) -> Place:
        return Place(number, self._lines[number][1].start_seconds)


def _least(plain: str) -> int:
    latin = sum(one.isascii() for one in plain)
    return _LEAST_LATIN if latin * 2 > len(plain) else _LEAST_OTHER
