"""Names as they are compared (utils/models/music_names.py: the database keeps them with plays)."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from utils.models.music_names import (
    album_key_name,
    artist_key_name,
    folded,
    folded_artist,
    folded_title,
    track_key_name,
)

__all__ = [
    "album_key_name",
    "artist_key_name",
    "bare",
    "folded",
    "folded_artist",
    "folded_title",
    "similarity",
    "track_key_name",
]

_ASIDE = re.compile(r"[(\[（【].*?[)\]）】]|\s[-–—]\s.*$|\b(?:feat|ft|featuring)\b\.?.*$", re.I)


def bare(title: str) -> str:
    """A title's own words: no version, no guests, no punctuation."""
    named = unicodedata.normalize("NFKC", title)
    return folded(_ASIDE.sub(" ", named)) or folded(named)


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
