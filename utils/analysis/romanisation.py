"""Texts in Latin letters: which standard is meant, and what is made where no model is asked.

Without a model letters are replaced one by one (anyascii). That is rough: Khmer and Thai come out
without spaces between words and without the vowels that nobody writes, Arabic and Hebrew without
short vowels. It follows no standard, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from anyascii import anyascii

from utils.models.transcript import Segment
from utils.rules import romanised_text

BY = f"anyascii, {romanised_text.BY_RULES}"
_NAMES = {
    "ungegn": "UNGEGN, the system of the United Nations for the language",
    "ala-lc": "ALA-LC",
    "geographic": "the Geographic Department of Cambodia's (1995)",
    "bgn-pcgn": "BGN/PCGN",
    "hepburn": "modified Hepburn",
    "pinyin": "Hanyu Pinyin with tone marks",
}
# What is usual, where the house says nothing or anything.
_USUAL = {
    "km": "UNGEGN (1972)",
    "ja": "modified Hepburn",
    "zh": "Hanyu Pinyin with tone marks",
    "th": "RTGS, the Royal Thai General System",
    "ko": "Revised Romanization (2000)",
    "ru": "BGN/PCGN (1947)",
}
_ONE_CHARACTER = re.compile("(?<=[a-z])(?=[A-Z])")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def standard(house: str | None, language: str | None) -> str:
    """The name of the standard that is meant: the house's, else the usual one of a language."""
    usual = _USUAL.get(language or "", "ALA-LC")
    if house not in _NAMES or not romanised_text.is_for(house, language):
        return usual
    return usual if romanised_text.standard_named(usual) == house else _NAMES[house]


def by_rules(segments: Sequence[Segment], language: str | None) -> str | None:
    """Segments in Latin letters, a line each; None where they are, or where it would be wrong.

    Wrong, not only rough, is Japanese with kanji: they would get their Chinese readings.
    """
    text = "\n".join(" ".join(segment.text.split()) for segment in segments)
    if not romanised_text.is_to_be_romanised(text):
        return None
    if romanised_text.language_of(text, language) == "ja" and _HAN.search(text):
        return None
    return "\n".join(map(_line, text.split("\n")))


def _line(text: str) -> str:
    """Characters of Chinese begin with a capital each: syllables, with spaces between them."""
    if not _HAN.search(text):
        return anyascii(text)
    return _ONE_CHARACTER.sub(" ", anyascii(text)).lower()
