"""Names of files that are fit for every file system, however a stranger titled them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from utils.models import sanitize

MAX_BYTES = 200  # of 255, in UTF-8: what others add (".part", a number) still fits
_MAX_ID_CHARACTERS = 40
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
# Windows means a device by these, whatever follows the first dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)


def of_fetched(title: str, known_as: str, suffix: str) -> str:
    """``title [id].suffix``: no part of a path, no device, nothing hidden, 200 bytes at most.

    Args:
        title: As the site or the feed has it, of any length.
        known_as: The site's id; a short hash of it where it is long, or no plain word.
        suffix: With its dot; left out where it is none.
    """
    end = f" [{_short(known_as)}]{suffix.lower() if _SUFFIX.fullmatch(suffix) else ''}"
    return _cut(_harmless(title), MAX_BYTES - len(end.encode())) + end


def of_uploaded(given: str) -> str:
    """A file's name as a client gave it: its last part alone, and its suffix kept."""
    name = re.split(r"[/\\]", given)[-1].strip()
    stem, dot, suffix = name.rpartition(".")
    if not (dot and _SUFFIX.fullmatch(dot + suffix)):
        stem, dot, suffix = name, "", ""
    return _cut(_harmless(stem), MAX_BYTES - len(dot + suffix)) + dot + suffix


def numbered(name: str, number: int) -> str:
    """``name (2).suffix``."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem} ({number}){dot}{suffix}" if stem else f"{name} ({number})"


def _harmless(title: str) -> str:
    plain = unicodedata.normalize("NFC", sanitize.unmarked(title))
    line = " ".join(_FORBIDDEN.sub("_", " ".join(plain.split())).split())
    # A dot in front hides a file, a dash makes it an option, a tilde is a home.
    line = line.lstrip(".-~ ") or "untitled"
    return f"_{line}" if _DEVICE.fullmatch(line.split(".")[0].strip()) else line


def _short(known_as: str) -> str:
    if len(known_as) <= _MAX_ID_CHARACTERS and _ID.fullmatch(known_as):
        return known_as
    return hashlib.sha256(known_as.encode()).hexdigest()[:12]


def _cut(text: str, most: int) -> str:
    """The beginning of ``text`` in so many bytes of UTF-8, whole characters with their marks."""
    kept = text.encode()[:most].decode(errors="ignore")
    while len(kept) < len(text) and kept and _joins(text[len(kept)], kept[-1]):
        kept = kept[:-1]
    return kept.rstrip(" .")


def _joins(following: str, last: str) -> bool:
    """True where a cut between these two would change what is seen."""
    return bool(unicodedata.combining(following)) or "\u200d" in (following, last)
