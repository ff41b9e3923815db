"""How much of a text people can read at once, and how fast.

The numbers are those of Netflix' Timed Text Style Guides (General Requirements 2026, and those of
English, Chinese, Korean and Japanese): 42 characters a line and 17 a second, at most 20 for adults;
16 wide characters a line for Chinese and Korean, 13 for Japanese; two lines; from 5/6 s to 7 s; two
frames between. Speech itself may be faster: no word is left out for it.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

MAX_LINES = 2
MIN_SECONDS, MAX_SECONDS = 5 / 6, 7.0
GAP_SECONDS = 2 / 24
_CJK_SHARE = (
    0.3  # of a text's letters, from which on it is read as Chinese, Japanese, Korean. Chosen.
)


class Limits(NamedTuple):
    """Characters of a line; characters of a second as they should be, and at most."""

    line: int
    speed: float
    most: float


ALPHABETIC = Limits(42, 17, 20)
HAN = Limits(16, 9, 11)
KANA = Limits(13, 4, 7)
HANGUL = Limits(16, 12, 14)


def of(text: str) -> Limits:
    """The limits for a text, by its script."""
    letters = [character for character in text if character.isalpha()]
    kinds = [kind for character in letters if (kind := script(character))]
    if len(kinds) <= _CJK_SHARE * len(letters):
        return ALPHABETIC
    if KANA in kinds:
        return KANA
    return HANGUL if kinds.count(HANGUL) * 2 > len(kinds) else HAN


def script(character: str) -> Limits | None:
    """The limits of a wide letter's script; None of any other."""
    if unicodedata.east_asian_width(character) not in "WF" or not character.isalpha():
        return None
    name = unicodedata.name(character, "")
    if "HIRAGANA" in name or "KATAKANA" in name:
        return KANA
    return HANGUL if "HANGUL" in name else HAN
