"""In which encoding a whole text is: subtitles in a film or beside it, words that a person gives.

It is long enough for a detector; tags, which are short, are read by utils/metadata/encodings.py.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

from utils.metadata.languages import normal

# What the languages of the world were written in before UTF-8; Western Europe where none is named.
_BY_LANGUAGE = {
    "cp1250": "pl cs sk hu sl hr bs ro sq", "cp1251": "ru uk be bg sr mk kk", "cp1253": "el",
    "cp1254": "tr az", "cp1255": "he", "cp1256": "ar fa ur", "cp1257": "et lv lt",
    "cp1258": "vi", "cp932": "ja", "gb18030": "zh", "cp949": "ko", "cp874": "th",
    "cp1252": "de en fr es it pt nl sv da no fi is ca",
}  # fmt: skip
_CANDIDATES = [*_BY_LANGUAGE, "koi8_r", "big5", "cp866"]
_WESTERN = set("äöüßÄÖÜéèêëàâáãåæçñíìîïóòôõøœúùûÿÉÈÊÀÂÁÅÆÇÑÍÓÔØŒÚÙ¿¡«»’‘“”„–—…°€£§ºª·")
_MOST_WESTERN_SHARE = 0.4  # of letters: those of Cyrillic in bytes are accented letters too
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Text(NamedTuple):
    """A text as it was meant; ``encoding`` is the one that was guessed, None if none was."""

    text: str
    encoding: str | None


def decoded(raw: bytes, language: str | None = None) -> Text:
    """The text of a file: by its mark, as UTF-8, else in a guessed encoding."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return Text(raw.decode(codec, errors="replace"), None)
    guess = of(raw, language)
    return Text(raw.decode(guess or "utf-8", errors="replace"), guess)


def of(text: bytes, language: str | None = None) -> str | None:
    """The encoding of a text that is not UTF-8, by its language, else by its letters."""
    if _decoded(text, "utf-8") is not None:
        return None
    two_letters = normal(language)
    for name, languages in _BY_LANGUAGE.items():
        if two_letters in languages.split() and _decoded(text, name) is not None:
            return name
    if _is_western(text):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(text, cp_isolation=_CANDIDATES).best()
    return (best.encoding if best else "cp1252").replace("_", "-")


def _is_western(text: bytes) -> bool:
    decoded = _decoded(text, "cp1252")
    if decoded is None:
        return False
    letters = [letter for letter in decoded if letter.isalpha()]
    strange = [letter for letter in decoded if ord(letter) > 127]
    few = len(strange) <= _MOST_WESTERN_SHARE * max(1, len(letters))
    return few and set(strange) <= _WESTERN


def _decoded(text: bytes, name: str) -> str | None:
    try:
        return text.decode(name)
    except UnicodeDecodeError:
        return None
