"""What a stranger's file says, made fit to keep and fit to show.

Kept, it is bounded, and text that any database takes. Shown, it stays on its line: nothing in it
moves a cursor, rings a bell, turns the direction of what follows, or hides.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from utils.privacy.redaction import redacted

# Chosen: long enough for a description, short enough for a row.
MAX_CHARACTERS = 2000
MAX_ENTRIES = 1000
MAX_DEPTH = 12
# Control characters but tab and line feed, lone surrogates, and the marks that turn the
# direction of a line around (Unicode TR 36).
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def unmarked(value: str) -> str:
    """``value`` without control characters, whole."""
    return _UNFIT.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


# Signs in the place of what can't be seen: Unicode has pictures of the control characters.
_SIGNS = {code: chr(0x2400 + code) for code in range(0x20)} | {
    0x7F: "␡", 0x0A: "␤", 0x2028: "␤", 0x2029: "␤",
}  # fmt: skip
# Part of words and of emoji: joiners, and the space without width between words of Khmer.
_JOINING = frozenset("\u200b\u200c\u200d")


def visible(value: str) -> str:
    """``value`` on one line, with a sign for each character that a terminal obeys or no eye sees.

    Without the secrets of addresses. For whatever shows names, titles and errors: terminal, HTML,
    Markdown, names of runs, messages.
    """
    value = redacted(value)
    return value if value.isprintable() else "".join(map(_sign, value))


def _sign(character: str) -> str:
    if character.isprintable() or character in _JOINING:
        return character
    if sign := _SIGNS.get(ord(character)):
        return sign
    kind = unicodedata.category(character)
    if kind == "Zs":  # a space without breaks, or of another width
        return " "
    return f"⟨U+{ord(character):04X}⟩" if kind in {"Cc", "Cf"} else "�"


def text(value: str) -> str:
    """``value`` without control characters and at most ``MAX_CHARACTERS`` long."""
    shown = unmarked(value)
    return shown if len(shown) <= MAX_CHARACTERS else shown[: MAX_CHARACTERS - 2] + " …"


def value(given: Any, depth: int = 0) -> Any:
    """JSON with fit strings, no more than ``MAX_ENTRIES`` a list or table, finite numbers."""
    if isinstance(given, str):
        return text(given)
    if isinstance(given, float) and not math.isfinite(given):
        return None
    if isinstance(given, (dict, list)) and depth >= MAX_DEPTH:
        return None
    if isinstance(given, dict):
        entries = list(given.items())[:MAX_ENTRIES]
        return {text(str(name))[:200]: value(entry, depth + 1) for name, entry in entries}
    if isinstance(given, list):
        return [value(entry, depth + 1) for entry in given[:MAX_ENTRIES]]
    return given
