"""Looking tags up, and numbers out of what tools print."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Names as ExifTool's -G1 groups them; ``*:Name`` is any group. Previews (IFD1) have their own
# width and orientation, never asked for here. VideoKeys and Track1 are the keys of a QuickTime
# video track, where newer iPhones keep lens and focal length (13.x names them either way).
MAKE = ("IFD0:Make", "Keys:Make", "XML:DeviceManufacturer", "XMP-tiff:Make", "UserData:Make",
        "*:Make", "*:AndroidMake")  # fmt: skip
MODEL = ("IFD0:Model", "Keys:Model", "XML:DeviceModelName", "XMP-tiff:Model", "UserData:Model",
         "*:Model", "*:AndroidModel")  # fmt: skip
FOCAL_LENGTH = ("ExifIFD:FocalLength", "XMP-exif:FocalLength", "*:FocalLength",
                "*:CameraFocalLength")  # fmt: skip
FOCAL_LENGTH_35MM = ("ExifIFD:FocalLengthIn35mmFormat", "*:FocalLengthIn35mmFormat",
                     "*:CameraFocalLength35mmEquivalent", "*:FocalLengthIn35mmFilm",
                     "*:CameraFocal_length35mm_equivalent")  # fmt: skip

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_PREVIEWS = ("IFD1:", "IFD2:", "Composite:", "PreviewIFD:")


def found(tags: Mapping[str, Any], *names: str) -> Iterator[tuple[str, Any]]:
    """Names and values of the tags that are there and say something, in the order asked for."""
    for name in names:
        if not name.startswith("*:"):
            if _says(tags.get(name)):
                yield name, tags[name]
            continue
        for tag, value in tags.items():
            if tag.endswith(name[1:]) and not tag.startswith(_PREVIEWS) and _says(value):
                yield tag, value


def text(tags: Mapping[str, Any], *names: str) -> str | None:
    """The first that is there, as one line of text."""
    for _, value in found(tags, *names):
        entry = value[0] if isinstance(value, list) and value else value
        if not isinstance(entry, (dict, list)) and (line := " ".join(str(entry).split())):
            return line
    return None


def positive(tags: Mapping[str, Any], *names: str) -> float | None:
    """The first that is a number above 0: cameras write 0 for unknown."""
    return next((value for _, value in positives(tags, *names)), None)


def positives(tags: Mapping[str, Any], *names: str) -> Iterator[tuple[str, float]]:
    """Names and values of those that are numbers above 0; ``50.00mm`` is one."""
    for tag, value in found(tags, *names):
        if (known := number(value)) is not None and known > 0:
            yield tag, known


def number(value: Any) -> float | None:
    """The number that ``value`` is or begins with; None for any other, and if infinite.

    MediaInfo writes ``8 / 6`` for a stream that decodes in two ways: the first counts.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        begins = _NUMBER.match(value.strip())
        if begins is None:
            return None
        value = begins.group()
    known = float(value) if isinstance(value, (int, float, str)) else math.nan
    return known if math.isfinite(known) else None


def integer(value: Any) -> int | None:
    """``number`` without its fraction."""
    known = number(value)
    return None if known is None else int(known)


def above_zero(value: Any) -> int | None:
    """``integer`` where 0 means unknown."""
    known = integer(value)
    return known if known and known > 0 else None


def ratio(value: Any) -> float | None:
    """``34000/50000``, ``16:11`` or ``25`` as a number; None if it divides by 0."""
    top, separator, bottom = str(value or "").replace(":", "/").partition("/")
    over, under = number(top), number(bottom) if separator else 1.0
    return over / under if over is not None and under else None


def _says(value: Any) -> bool:
    return value not in (None, "", [], {}, "undef", "inf", "n/a")
