"""Names of tracks, artists and albums as they are compared: what writers differ in is left out.

``folded``: Unicode NFKC, no capitals; without accents in Latin and Greek, without ё's dots, Hebrew
points and Arabic vowel signs (they are left out as often as written); marks of other scripts are
letters and stay (が is not か, й is not и). Punctuation is a blank, apostrophes and dots are
nothing (a dot between digits stays), "&" is "and"; a name of signs alone keeps them ("!!!").

A title also loses who is featured and that it was remastered: the same recording is written with
and without. It keeps Live, Remix, Acoustic, Demo, Edit, Version: those are others. An artist loses
"feat." and what follows.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

# Letters of Latin that Unicode does not take apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
                          "ı": "i", "ħ": "h", "ŧ": "t"})  # fmt: skip
_ACCENT = "\u0300-\u036f"
_ACCENTED = re.compile(f"([a-z\u0370-\u03ff\u1f00-\u1fff])[{_ACCENT}]+")
_YO = re.compile("(\u0435)\u0308")
# Points and vowel signs that readers do without; what has no width; which look an emoji has.
_UNREAD = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f"
                     "\u0670\u06d6-\u06ed\u0640\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
                     "\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")  # fmt: skip
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u0060\u00b4\u2032]|(?<!\\d)\\.|\\.(?!\\d)")
_FEATURED = r"(?:feat\b\.?|ft\b\.?|featuring\b)"
_IN_BRACKETS = re.compile(rf"\s*[(\[]\s*{_FEATURED}\s[^)\]]*[)\]]", re.I)
_AT_THE_END = re.compile(r"(?<=\S)\s+(?:feat\.|ft\.|featuring\b)\s*\S.*$", re.I)
_REMASTERED = r"(?:(?:19|20)\d\d\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?(?:\s+(?:in\s+)?(?:19|20)\d\d)?(?:\s+version)?(?:\s+(?:19|20)\d\d)?"  # noqa: E501
_REMASTER = re.compile(rf"\s*(?:[(\[]\s*{_REMASTERED}\s*[)\]]|\s[-–—]\s+{_REMASTERED}\s*$)", re.I)


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """A name as it is compared; "" only where there is nothing to see."""
    plain = text.casefold() if text.isascii() else _plain(text)
    words = _APOSTROPHES.sub("", plain).replace("&", " and ")
    if not words.isascii() or not words.replace(" ", "").isalnum():
        words = "".join(
            " " if unicodedata.category(sign)[0] in "PZC" and not _in_a_number(words, at) else sign
            for at, sign in enumerate(words)
        )
    return " ".join(words.split()) or " ".join(plain.split())


@lru_cache(maxsize=65536)
def folded_title(title: str) -> str:
    """The title of a track as it is compared: also without who is featured, and remasters."""
    named = unicodedata.normalize("NFKC", title)
    short = _AT_THE_END.sub("", _IN_BRACKETS.sub("", _REMASTER.sub("", named)))
    return folded(short) or folded(named)


@lru_cache(maxsize=65536)
def folded_artist(artist: str) -> str:
    """An artist as compared: of a credit with "feat." only who stands before it."""
    named = unicodedata.normalize("NFKC", artist)
    return folded(_AT_THE_END.sub("", _IN_BRACKETS.sub("", named))) or folded(named)


@lru_cache(maxsize=65536)
def track_key_name(title: str, artist: str | None) -> str:
    """The ``track_key`` of a track that is known by its name alone (docs/music.md)."""
    return _key(folded_title(title), folded_artist(artist or ""))


def artist_key_name(name: str) -> str:
    """The ``artist_key`` of an artist that is known by its name alone."""
    return _key(folded_artist(name))


def album_key_name(title: str, artist: str | None) -> str:
    """The ``album_key`` of an album that is known by its name alone."""
    return _key(folded_title(title), folded_artist(artist or ""))


def _key(*names: str) -> str:
    # 128 bits: no two of a library's names meet.
    of = "\n".join(names).encode("utf-8", "backslashreplace")
    return "name:" + hashlib.sha256(of).hexdigest()[:32]


def _plain(text: str) -> str:
    """Small letters without accents, one way of writing for each."""
    small = unicodedata.normalize("NFKC", text).casefold()
    apart = unicodedata.normalize("NFD", _UNREAD.sub("", small))
    bare = _YO.sub(r"\1", _ACCENTED.sub(r"\1", apart))
    return unicodedata.normalize("NFKC", bare).translate(_LETTERS)


def _in_a_number(text: str, at: int) -> bool:
    return text[at] == "." and text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()
