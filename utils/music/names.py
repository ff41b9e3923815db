"""Names as they are compared: without case, accents, punctuation and what is put in brackets."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

# What Unicode takes for letters of their own, and people for others with a stroke.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
                          "ı": "i", "’": "'", "‘": "'", "ʻ": "'", "–": "-", "—": "-"})  # fmt: skip
_ASIDE = re.compile(r"[(\[（【].*?[)\]）】]|\s[-–—]\s.*$|\b(?:feat|ft|featuring)\b\.?.*$")


def folded(name: str) -> str:
    """A name without case and accents."""
    apart = unicodedata.normalize("NFKD", name.casefold()).translate(_LETTERS)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).strip()


def bare(title: str) -> str:
    """A title's own words: no version, no guests, no punctuation."""
    plain = folded(title)
    words = re.findall(r"\w+", _ASIDE.sub(" ", plain)) or re.findall(r"\w+", plain)
    return " ".join(words)


def similarity(one: str | None, other: str | None) -> float | None:
    """How alike two names are, 0 to 1; None where that can't be said.

    That is where one is missing, or where they are written in different scripts.
    """
    if not one or not other:
        return None
    a, b = bare(one)[:200], bare(other)[:200]
    if not a or not b or a.isascii() != b.isascii():
        return None
    if f" {a} " in f" {b} " or f" {b} " in f" {a} ":
        return 1.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
