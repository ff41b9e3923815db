"""Text as the words of a full-text index: folded the same way for every database and language.

SQLite's unicode61 and Postgres's parser take marks for separators or follow the locale, and
neither finds a word in Khmer, Thai, Chinese or Japanese, which are written without spaces; the
trigram tokenizer misses words of two characters. Here a stretch of such a script becomes its
overlapping pairs, so that any part of it is found as a phrase (what Lucene's CJKAnalyzer does).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

_LONGEST = 64  # characters of a word; Postgres refuses lexemes of 2 KB
_MOST_WORDS = 10_000  # of a passage; Postgres refuses vectors of 1 MB
_LONGEST_QUERY = 1_000
_MOST_TERMS = 12
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
# Thai and Lao, Burmese, Khmer, kana, Han.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
)


class Term(NamedTuple):
    """Words that must stand one after another; the last may be the beginning of one."""

    words: tuple[str, ...]
    prefix: bool = False


def clean(text: str) -> str:
    """Text that every database takes: without NUL and lone surrogates."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def clean_within(value: Any) -> Any:
    """The same document with all of its texts so; what others send may hold anything."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {name: clean_within(one) for name, one in value.items()}
    return [clean_within(one) for one in value] if isinstance(value, list | tuple) else value


def words(text: str) -> list[str]:
    """The words of a text in order: letters, digits and marks only, without case and accents."""
    found: list[str] = []
    for run in _runs(_fold(text)):
        for part in _UNSPACED.split(run):
            if _UNSPACED.match(part):
                found += [part[n : n + 2] for n in range(len(part))]
            elif part:
                found.append(part[:_LONGEST])
    return found[:_MOST_WORDS]


def terms(query: str) -> list[Term]:
    """What a person looks for: words, phrases in quotes, and beginnings that end in ``*``.

    Any text is a query; what means nothing here (operators, brackets, a lone quote) is space.
    """
    found: list[Term] = []
    for number, part in enumerate(query[:_LONGEST_QUERY].split('"')):
        pieces = [part] if number % 2 else part.split()
        found += [term for piece in pieces if (term := _term(piece))]
    return list(dict.fromkeys(found))[:_MOST_TERMS]


def _term(text: str) -> Term | None:
    found = words(text)
    if not found:
        return None
    prefix = text.rstrip().endswith("*")
    if _UNSPACED.fullmatch(found[-1]):
        if len(found) > 1 and len(found[-2]) == 2 and found[-2][1] == found[-1]:
            found.pop()  # the last character, which the last pair holds already
        else:
            prefix = True  # one character: any pair that begins with it
    return Term(tuple(found), prefix)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


def _runs(text: str) -> list[str]:
    """Runs of letters, digits and marks; Python's ``\\w`` stops at the vowels of Khmer or Hindi."""
    spaced = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text)
    return "".join(spaced).split()
