"""What to say of a file that can't be read: what it is, whose fault that is, and what to do.

A format that is not known here is no damage, and nobody is told to remove what another program
may open.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from utils.errors import NightShiftError, PermanentError
from utils.media import formats
from utils.media.probing import exiftool, mediainfo

_REFUSED = "Format not on whitelist"
# What tools say of a file of a known format that breaks off, or has lost its head.
_BROKEN = re.compile(
    r"moov atom not found|End of file|partial file|Truncat|truncated|breaks? off", re.I
)
_KEEP = (
    "If another program opens it, convert it there, to JPEG, FLAC or MP4 say, and give that; the "
    "file itself stays as it is."
)
_HEAD_BYTES = 512
_WIDE = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
# Containers of which the end, or the start, says what is in them.
_KNOWN = frozenset({"MP4", "MOV", "M4A", "M4V", "3GP", "MKV", "WEBM", "AVI", "HEIC", "HEIF", "AVIF",
                    "JPEG", "PNG", "GIF", "TIFF", "WEBP", "MP3", "FLAC", "OGG", "WAV"})  # fmt: skip


def refusal(path: Path, why: str) -> PermanentError:
    """The error for a file that no tool reads.

    Args:
        path: The file.
        why: What the tools said, the file's name before it.
    """
    if _is_text(path):
        if _REFUSED in why:
            return PermanentError(
                f"{path.name} is a playlist, a script or another format that can name other files; "
                "such are not opened. Give the media itself."
            )
        return PermanentError(f"{why}. It is text, and no media file. Give the media itself.")
    name = format_name(path)
    if (name in _KNOWN or path.suffix.lower() in formats.RAW) and _BROKEN.search(why):
        return PermanentError(
            f"{why}. It is {name or 'a picture'} that is damaged or not whole. Get it again."
        )
    if name is not None:
        told = f"it is {name}"
    elif formats.kind_of(path):
        told = f"it is named as {path.suffix[1:].upper()}, and no media file that is known"
    else:
        told = "it is no media file that is known"
    said = why.removeprefix(f"{path.name}: ")
    said = "this format is not opened here" if _REFUSED in why else said
    return PermanentError(f"{path.name} is not readable here: {told} ({said}). {_KEEP}")


def format_name(path: Path) -> str | None:
    """What a file is by its content, as ExifTool names it: CR3, PDF; None if it is unknown."""
    try:
        known = exiftool.report(path).tags
    except NightShiftError:  # this is only about a word
        return None
    name = known.get("File:FileType")
    return str(name) if name else None


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    try:
        codecs.getincrementaldecoder("utf-16" if head[:2] in _WIDE else "utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(head) and mediainfo.is_text(head)
