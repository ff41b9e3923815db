"""What a stranger's file says, made fit to keep: bounded, and text that any database takes."""

from __future__ import annotations

import math
import re
from typing import Any

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
