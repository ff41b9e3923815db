"""Which fonts of this machine draw a text, and what of it none of them can draw.

A character that no font has would be a box. In its place stands which script it is of, such as
⟨CJK⟩, and the names are said: whoever wants them drawn installs a font.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

FIRST = "DejaVu Sans"  # comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian …
_MOST_FILES = 500  # looked into, of machines with thousands; chosen
_NO_TEXT = ("Last Resort", "Symbol", "Math", "Mono", "Emoji", "Dingbats", "Display", "Icons")
# Signs that change how the one before looks: fonts without them lose nothing.
_UNSEEN = frozenset({*map(chr, range(0xFE00, 0xFE10)), "\u200b", "\u200c", "\u200d"})


class Fonts(NamedTuple):
    """Families in the order in which they are asked, and the characters that none of them has."""

    families: tuple[str, ...]
    lacking: frozenset[str]


def for_texts(texts: Iterable[str]) -> Fonts:
    """The fonts that draw these texts: the first, and as few others as are needed."""
    wanted = {sign for text in texts for sign in text if not sign.isspace()} - _UNSEEN
    families, left = [FIRST], wanted - _characters(*_file_of_first())
    for family, path, face in _others() if left else ():
        if found := left & _characters(path, face):
            families.append(family)
            left -= found
        if not left:
            break
    return Fonts(tuple(families), frozenset(left))


def drawable(text: str, lacking: frozenset[str]) -> str:
    """A text in which each run of characters that no font has is the name of its script."""
    parts: list[str] = []
    was_lacking = False
    for sign in text:
        if sign in _UNSEEN:
            continue
        if sign not in lacking:
            parts.append(sign)
        elif not was_lacking:
            parts.append(f"⟨{script(sign)}⟩")
        was_lacking = sign in lacking
    return "".join(parts)


def script(sign: str) -> str:
    """The script of a character, by its name in Unicode: CJK, HANGUL, THAI."""
    if unicodedata.category(sign)[0] == "S":
        return "sign"
    return unicodedata.name(sign, "unknown").split()[0].split("-")[0]


def _file_of_first() -> tuple[str, int]:
    from matplotlib import font_manager

    return font_manager.findfont(FIRST), 0


@cache
def _others() -> tuple[tuple[str, str, int], ...]:
    """Family, file and face of upright fonts of normal weight, Noto's first, one a family."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.fname for entry in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:  # it came after matplotlib had looked
            _add(path)
    found: dict[str, tuple[str, str, int]] = {}
    for entry in sorted(
        manager.ttflist, key=lambda one: (not one.name.startswith("Noto"), one.name)
    ):
        is_plain = entry.style == "normal" and str(entry.weight) in {"400", "normal", "regular"}
        if is_plain and entry.name != FIRST and not any(word in entry.name for word in _NO_TEXT):
            face = getattr(entry, "index", 0)
            found.setdefault(entry.name, (entry.name, entry.fname, face))
    return tuple(list(found.values())[:_MOST_FILES])


def _add(path: str) -> None:
    from matplotlib import font_manager

    try:
        font_manager.fontManager.addfont(path)
    except (OSError, RuntimeError):  # no font, or one of a kind that FreeType does not know
        return


@lru_cache(maxsize=_MOST_FILES)
def _characters(path: str, face: int) -> frozenset[str]:
    """The characters that a font draws as outlines; none of what is no font."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path, face_index=face) if face else FT2Font(path)
        return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
    except (OSError, RuntimeError):
        return frozenset()
