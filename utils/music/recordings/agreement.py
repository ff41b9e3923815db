"""Whether two names may be of the same thing: tags against what a service says."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

from utils.music.names import folded_artist, folded_title

# Below it two names are not the same, however carelessly they were written (chosen): "Sail On" and
# "Sailing On" have 0.82, two titles of one album seldom more than 0.45.
_ALIKE = 0.6
_CHARACTERS = 200


def titles(one: str | None, other: str | None) -> bool | None:
    """True if two titles agree, False if they grossly differ, None if that can't be said.

    It can't where one is missing, and where they are written in different scripts.
    """
    return _compared(one, other, folded_title)


def artists(one: str | None, others: Iterable[str]) -> bool | None:
    """The same of an artist and those of a recording: one of them is enough."""
    found = [_compared(one, other, folded_artist) for other in others]
    if not found or None in found:
        return True if True in found else None
    return True in found


def _compared(one: str | None, other: str | None, fold: Callable[[str], str]) -> bool | None:
    if not one or not other:
        return None
    a, b = fold(one)[:_CHARACTERS], fold(other)[:_CHARACTERS]
    if a == b or f" {a} " in f" {b} " or f" {b} " in f" {a} ":
        return True
    if not _scripts(a) & _scripts(b):
        return None
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE


def _scripts(text: str) -> set[str]:
    """The scripts of its letters: the first word of their Unicode names, numbers aside."""
    return {unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha()}
