"""Where something was taken, as signed degrees."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from utils.metadata import tags as look
from utils.models.metadata import Place
from utils.models.probe import ExifReport, FfprobeReport

# ISO 6709 of degrees, degrees and minutes, or degrees, minutes and seconds (annex H).
_ISO_6709 = re.compile(
    r"(?P<latitude>[+-]\d{2,6}(?:\.\d+)?)(?P<longitude>[+-]\d{3,7}(?:\.\d+)?)"
    r"(?P<altitude>[+-]\d+(?:\.\d+)?)?"
)
# 3GPP's loci box, as ExifTool words it.
_LOCI = re.compile(r"Lat=([-+.\d]+) Lon=([-+.\d]+) Alt=([-+.\d]+)")
_NAMES = ("Keys:LocationName", "*:LocationName", "XMP-iptcCore:Location", "IPTC:Sub-location")
_PARTS = (("XMP-photoshop:City", "IPTC:City"), ("XMP-photoshop:State", "IPTC:Province-State"),
          ("XMP-photoshop:Country", "IPTC:Country-PrimaryLocationName"))  # fmt: skip


def locate(exif: ExifReport | None, ffprobe: FfprobeReport | None) -> Place | None:
    """The place; None where none is noted, where it is none on earth, and at (0, 0).

    A camera without a fix writes zeros, and nothing but buoys is at (0, 0).
    """
    if exif and (known := of_tags(exif.tags)):
        return known
    tags = (ffprobe.raw.get("format", {}).get("tags", {}) if ffprobe else {}) or {}
    for name, value in tags.items():
        lower = name.lower()  # Matroska's are in capitals
        is_place = lower.startswith(("location", "recording_location"))
        is_place = is_place or lower.endswith("location.iso6709")
        if is_place and (known := iso_6709(str(value), f"ffprobe {name}")):
            return known
    return None


def of_tags(tags: Mapping[str, Any]) -> Place | None:
    """The same of ExifTool's tags alone."""
    latitude = _signed(tags, "GPS:GPSLatitude", "S")
    longitude = _signed(tags, "GPS:GPSLongitude", "W")
    if known := place(latitude, longitude, altitude(tags), "GPS:GPSLatitude"):
        return known
    for tag, value in look.found(tags, "Keys:GPSCoordinates", "*:GPSCoordinates"):
        numbers = [look.number(part) for part in str(value).replace(",", " ").split()]
        if len(numbers) >= 2:
            above = numbers[2] if len(numbers) > 2 else None
            if known := place(numbers[0], numbers[1], above, tag):
                return known
        elif known := iso_6709(str(value), tag):
            return known
    for tag, value in look.found(tags, "*:RecordingLocation"):
        if known := iso_6709(str(value), tag):
            return known
    for tag, value in look.found(tags, "*:LocationInformation"):
        if loci := _LOCI.search(str(value)):
            latitude, longitude, above = (look.number(part) for part in loci.groups())
            if known := place(latitude, longitude, above, tag):
                return known
    return place(
        look.number(tags.get("XMP-exif:GPSLatitude")),
        look.number(tags.get("XMP-exif:GPSLongitude")),
        altitude(tags),
        "XMP-exif:GPSLatitude",
    ) or _composite(tags)


def altitude(tags: Mapping[str, Any]) -> float | None:
    """Metres above the sea, negative below it (EXIF: GPSAltitudeRef 1, or 3 since 3.0)."""
    for group in ("GPS", "XMP-exif"):
        height = look.number(tags.get(f"{group}:GPSAltitude"))
        if height is None:
            continue
        reference = look.integer(tags.get(f"{group}:GPSAltitudeRef"))
        return -abs(height) if reference in {1, 3} else height
    return None


def name(tags: Mapping[str, Any]) -> str | None:
    """The place's name, or its city, state and country."""
    if stated := look.text(tags, *_NAMES):
        return stated
    parts = [look.text(tags, *names) for names in _PARTS]
    return ", ".join(part for part in parts if part) or None


def iso_6709(text: str, source: str) -> Place | None:
    """A place such as ``+48.1173+011.5167+520.000/``."""
    match = _ISO_6709.match(text.strip())
    if match is None:
        return None
    return place(
        _degrees(match["latitude"], 2),
        _degrees(match["longitude"], 3),
        look.number(match["altitude"]),
        source,
    )


def _degrees(text: str, digits: int) -> float | None:
    """Signed degrees; two digits more are minutes, two more seconds."""
    whole, point, fraction = text[1:].partition(".")
    parts = [whole[:digits], *re.findall("..", whole[digits:])]
    if len(whole) != digits + 2 * (len(parts) - 1):
        return None
    parts[-1] += point + fraction
    values = [float(part) for part in parts]
    if any(value >= 60 for value in values[1:]):
        return None
    degrees = math.fsum(value / 60.0**power for power, value in enumerate(values))
    return -degrees if text[0] == "-" else degrees


def _signed(tags: Mapping[str, Any], tag: str, negative: str) -> float | None:
    """EXIF's unsigned degrees by their Ref; without one the hemisphere is unknown."""
    degrees = look.number(tags.get(tag))
    reference = str(tags.get(f"{tag}Ref", "")).strip()[:1].upper()
    if degrees is None or reference not in {"N", "S", "E", "W"}:
        return None
    return -abs(degrees) if reference == negative else degrees


def _composite(tags: Mapping[str, Any]) -> Place | None:
    """What ExifTool composes of makers' own tags; of EXIF only where both Refs are there."""
    if "GPS:GPSLatitude" in tags:
        return None
    return place(
        look.number(tags.get("Composite:GPSLatitude")),
        look.number(tags.get("Composite:GPSLongitude")),
        look.number(tags.get("Composite:GPSAltitude")),
        "Composite:GPSLatitude",
    )


def place(
    latitude: float | None, longitude: float | None, above: float | None, source: str
) -> Place | None:
    """The place; None without both degrees, for those that are none on earth, and at (0, 0)."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place(
        latitude=round(latitude, 7),
        longitude=round(longitude, 7),
        altitude_metres=None if above is None else round(above, 3),
        source=source,
    )
