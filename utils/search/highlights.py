"""Where the words of a question stand in a text: for what shows an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from utils.db.words import Term, terms, words

_LENGTH, _BEFORE = 200, 50  # characters of a snippet, and of it before the first word
_SPACE = re.compile(r"\s")


class Part(NamedTuple):
    """A piece of a text, and whether somebody looked for it."""

    text: str
    is_match: bool


def snippet(text: str, query: str, length: int = _LENGTH) -> list[Part]:
    """The part of a text around the first words of a question, those words apart.

    Where none stands in it, as with what only means the same, it is the beginning.
    """
    found = spans(text, query)
    start = max(0, found[0][0] - _BEFORE) if found and len(text) > length else 0
    start = _word_begin(text, start)
    end = min(len(text), start + length)
    parts = [Part("… ", False)] if start else []
    at = start
    for begin, stop in found:
        if begin < at or stop > end:
            continue
        parts += [Part(text[at:begin], False), Part(text[begin:stop], True)]
        at = stop
    parts += [Part(text[at:end], False)]
    if end < len(text):
        parts.append(Part(" …", False))
    return [part for part in parts if part.text]


def spans(text: str, query: str) -> list[tuple[int, int]]:
    """Where the words and phrases of a question stand, by characters, each once, in order."""
    places = _words_of(text)
    found: list[tuple[int, int]] = []
    for term in terms(query):
        found += _of_term(places, term)
    found.sort()
    apart: list[tuple[int, int]] = []
    for begin, end in found:
        if apart and begin < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((begin, end))
    return apart


class _Word(NamedTuple):
    """A word as the index has it, and where it stands in the text."""

    word: str
    begin: int
    end: int


def _words_of(text: str) -> list[_Word]:
    """The words of a text as the full-text index has them (utils/db/words.py), with places."""
    found: list[_Word] = []
    for match in re.finditer(r"\S+", text):
        at = match.start()
        for piece in _pieces(match[0]):
            made = words(piece)
            if len(made) == 1:
                found.append(_Word(made[0], at, at + len(piece)))
            elif made:  # a writing without spaces: pairs of characters
                found += _pairs(piece, at)
            at += len(piece)
    return found


def _pieces(run: str) -> list[str]:
    """A run without blanks as letters and what stands between them, together the whole of it."""
    found: list[str] = []
    was_word: bool | None = None
    for character in run:
        is_word = character.isalnum() or unicodedata.category(character)[0] in "MC"
        if is_word == was_word:
            found[-1] += character
        else:
            found.append(character)
        was_word = is_word
    return found


def _pairs(piece: str, at: int) -> list[_Word]:
    found = []
    for number in range(len(piece)):
        made = words(piece[number : number + 2])
        if made:
            found.append(_Word(made[0], at + number, at + min(number + 2, len(piece))))
    return found


def _of_term(places: Sequence[_Word], term: Term) -> list[tuple[int, int]]:
    found = []
    size = len(term.words)
    for start in range(len(places) - size + 1):
        run = places[start : start + size]
        whole = all(one.word == word for one, word in zip(run[:-1], term.words, strict=False))
        last, wanted = run[-1].word, term.words[-1]
        if whole and (last.startswith(wanted) if term.prefix else last == wanted):
            found.append((run[0].begin, run[-1].end))
    return found


def _word_begin(text: str, at: int) -> int:
    """The beginning of the word at a place, if it is near."""
    while at > 0 and at < len(text) and not _SPACE.match(text[at - 1]):
        at -= 1
        if at % 20 == 0:
            break
    return at
