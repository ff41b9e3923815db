"""Words found in texts of any script, and where they stand in them.

Case never counts. A word without accents is found with any; one with accents is found with them,
or in a text that has none at all. A word must stand by itself where its script puts spaces between
words; Khmer, Thai, Lao, Burmese, Chinese and Japanese put none: there it must not cut a syllable in
two. Korean hangs particles on a word, Arabic puts its article before: both are found. ``*`` at an
end stands for anything.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_ALWAYS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u0640\u064b-\u0652\u0670]")
_STRESS = re.compile("[\u0300\u0301]")
_ONE_LETTER = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا"})
# Thai, Lao, Tibetan, Burmese, Khmer, kana, Han: no spaces between words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_STACKS_NEXT = frozenset("\u17d2\u1039\u0f84")  # the next consonant stands below this one
_BEFORE_CONSONANT = frozenset("เแโใไເແໂໃໄ")  # written first, spoken last
_AFTER_CONSONANT = frozenset("ะาำๅຯະາຳ")
_ARABIC_BEFORE = re.compile("(?:^|[^\u0621-\u06ff])[وف]?(?:[بك]?ال|لل)$")
_ASCII_SPACE = re.compile(r"\s", re.ASCII)
_BETWEEN = re.compile(r"[\s\-_]+")


class Hit(NamedTuple):
    """Where a word stands in a text as it was given: ``text[start:end]``."""

    start: int
    end: int


class _Folded(NamedTuple):
    """A text without case; ``places``: where each of its characters began, and the end."""

    text: str
    places: array[int]


class Prepared(NamedTuple):
    """A text to be searched: as it is, without case, and without case and accents."""

    text: str
    exact: _Folded
    plain: _Folded


def prepare(text: str) -> Prepared:
    """Make a text ready to be searched, once for all words."""
    return Prepared(text, _fold(text, keep_accents=True), _fold(text))


def find(text: Prepared, sought: Sequence[str], allowed: Sequence[str] = ()) -> list[Hit]:
    """Where any of the words stands in a text, in order; not where an allowed one holds it."""
    spared = bytearray(len(text.text))
    for word in allowed:
        for start, end in _hits(text, word):
            spared[start:end] = b"\1" * (end - start)
    found = {hit for word in sought for hit in _hits(text, word)}
    return sorted(hit for hit in found if not all(spared[hit.start : hit.end]))


def key(word: str) -> str:
    """What a word is compared by: two with the same are found in the same places."""
    return " ".join(_BETWEEN.split(_fold(word, keep_accents=True).text.strip(" -_")))


def is_findable(word: str) -> bool:
    """False of a word of which nothing is left to look for."""
    return bool(key(word).strip("* "))


def _hits(text: Prepared, word: str) -> Iterator[Hit]:
    bare = word.strip().removeprefix("*").removesuffix("*")
    exact, sought = _fold(bare, keep_accents=True).text, _fold(bare).text
    within = text.plain
    if exact != sought and text.exact.text != text.plain.text:
        within, sought = text.exact, exact
    if not sought.strip(" -_"):
        return
    open_left, open_right = word.strip().startswith("*"), word.strip().endswith("*")
    for match in _pattern(sought).finditer(within.text):
        start, end = match.span()
        if (open_left or _begins(within.text, start)) and (open_right or _ends(within.text, end)):
            yield Hit(within.places[start], within.places[end])


def _fold(text: str, keep_accents: bool = False) -> _Folded:
    if text.isascii():
        return _Folded(_ASCII_SPACE.sub(" ", text.lower()), array("L", range(len(text) + 1)))
    folded: list[str] = []
    places = array("L")
    for start, cluster in _clusters(text):
        for character in _folded(cluster, keep_accents):
            folded.append(character)
            places.append(start)
    places.append(len(text))
    # Khmer: the two look the same below another letter.
    return _Folded("".join(folded).replace("\u17d2\u178a", "\u17d2\u178f"), places)


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Characters with the marks that follow them, without what is invisible."""
    start, held = 0, ""
    for place, character in enumerate(text):
        category = unicodedata.category(character)
        if category == "Cf":
            continue
        if held and (category[0] == "M" or "\u1160" <= character <= "\u11ff"):
            held += character
            continue
        if held:
            yield start, held
        start, held = place, character
    if held:
        yield start, held


@lru_cache(16_384)
def _folded(cluster: str, keep_accents: bool) -> str:
    plain = unicodedata.normalize("NFKD", cluster).casefold()
    plain = unicodedata.normalize("NFKD", _ALWAYS.sub("", plain))
    script = _script(plain[:1])
    if script == "CYRILLIC":
        plain = _STRESS.sub("", plain)
        plain = plain if keep_accents else plain.replace("\u0435\u0308", "\u0435")
    elif script in {"LATIN", "GREEK"} and not keep_accents:
        plain = _LATIN_MARKS.sub("", plain)
    composed = unicodedata.normalize("NFC", plain).translate(_ONE_LETTER)
    return " " if composed.isspace() else composed


@lru_cache(4096)
def _pattern(word: str) -> re.Pattern[str]:
    """The parts of a folded word, in order; a space or hyphen may be the other."""
    parts = [part for part in _BETWEEN.split(word) if part]
    pattern = re.escape(parts[0])
    for before, part in pairwise(parts):
        is_unspaced = _UNSPACED.match(before[-1]) and _UNSPACED.match(part[0])
        pattern += (r"[\s\-_]*" if is_unspaced else r"[\s\-_]+") + re.escape(part)
    return re.compile(pattern)


def _begins(text: str, start: int) -> bool:
    """True if a word can begin here."""
    if start == 0 or not _in_word(text[start - 1]):
        return True
    before, first = text[start - 1], text[start]
    if before in _STACKS_NEXT or before in _BEFORE_CONSONANT:
        return False
    if not _in_word(first) or _UNSPACED.match(first) or _UNSPACED.match(before):
        return True
    if _script(first) == "ARABIC" and _ARABIC_BEFORE.search(text[max(0, start - 6) : start]):
        return True
    return _are_apart(before, first)


def _ends(text: str, end: int) -> bool:
    """True if a word can end here."""
    if end == len(text) or not _in_word(text[end]):
        return True
    last, after = text[end - 1], text[end]
    if unicodedata.category(after)[0] == "M" or after in _AFTER_CONSONANT:
        return False
    if not _in_word(last) or _UNSPACED.match(last) or _UNSPACED.match(after):
        return True
    return _script(last) == "HANGUL" or _are_apart(last, after)


def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _are_apart(one: str, other: str) -> bool:
    """Letters of two scripts are of two words; a digit belongs to either."""
    if unicodedata.category(one)[0] == "N" or unicodedata.category(other)[0] == "N":
        return False
    return _script(one) != _script(other)


@lru_cache(16_384)
def _script(character: str) -> str:
    return unicodedata.name(character, " ").split(" ")[0] if character else ""


class Joined(NamedTuple):
    """Texts that follow one another, as one; ``starts``: where each begins."""

    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Joined:
        """Texts with a space between them: what is said may run over two."""
        starts, length = [], 0
        for text in texts:
            starts.append(length)
            length += len(text) + 1
        return cls(" ".join(texts), tuple(starts))

    def part_at(self, place: int) -> int:
        """The number of the text in which a place lies."""
        return max(0, bisect_right(self.starts, place) - 1)
