"""What the camera noted of itself and of the shot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from utils.metadata import location
from utils.metadata import tags as look
from utils.models.metadata import ExtendedExif
from utils.models.probe import ExifReport

# Numbers of EXIF 2.32: ExposureMode, WhiteBalance.
_EXPOSURE_MODES = {0: "auto", 1: "manual", 2: "auto bracket"}
_WHITE_BALANCES = {0: "auto", 1: "manual"}
# How far to turn clockwise; the mirrored ones (2, 4, 5, 7) by their turn alone.
_ORIENTATIONS = {1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}
_TURNS = {"Horizontal (normal)": 0, "Rotate 90 CW": 90, "Rotate 180": 180, "Rotate 270 CW": 270}

_SERIAL = ("ExifIFD:SerialNumber", "XMP-aux:SerialNumber", "XML:DeviceSerialNo",
           "*:CameraSerialNumber", "*:SerialNumber", "*:InternalSerialNumber")  # fmt: skip
_LENS = ("ExifIFD:LensModel", "XMP-exifEX:LensModel", "XMP-aux:Lens", "*:LensModel",
         "*:CameraLensModel", "XML:LensModelName", "Composite:LensID", "*:LensID", "*:Lens",
         "*:LensType", "*:LensType2", "*:LensType3", "*:LensSpec")  # fmt: skip
# What ExifTool prints of a number that it has no name for, and what is no name: "0 0 0 0".
_NO_LENS = re.compile(
    r"unknown\b.*|n/a|none|no lens|manual lens.*|.*\bno cpu\b.*|-+|[\d\s.?/f-]*(?:mm)?"
    r"|0(?:\.0+)? ?mm.*|[0-9a-f]{2}(?: [0-9a-f]{2})+",
    re.IGNORECASE,
)
_TOO_HIGH = 65535  # EXIF's 16 bits end here; what is faster stands in a tag of its own


def extended(exif: ExifReport) -> ExtendedExif:
    """Camera, lens, exposure and place; camera and lens also from makers' own tags."""
    tags = exif.tags
    return ExtendedExif(
        make=look.text(tags | exif.words, *look.MAKE),
        model=look.text(tags, *look.MODEL),
        serial=look.text(tags, *_SERIAL),
        lens=_lens(exif),
        iso=_iso(exif),
        shutter_seconds=look.positive(
            tags, "ExifIFD:ExposureTime", "XMP-exif:ExposureTime", "*:ExposureTime"
        ),
        f_number=look.positive(
            tags, "ExifIFD:FNumber", "XMP-exif:FNumber", "*:FNumber", "*:CameraLensIrisfnumber"
        ),
        exposure_mode=_word(tags, _EXPOSURE_MODES, "ExposureMode"),
        white_balance=_word(tags, _WHITE_BALANCES, "WhiteBalance"),
        altitude_metres=_altitude(exif),
        location_name=location.name(tags),
        orientation_degrees=_orientation(exif),
    )


def still_depth(tags: Mapping[str, Any]) -> int | None:
    """Bits a sample of a still, by the header of its format: of a palette those of its index.

    Of a raw photo those of the sensor, whose picture stands beside its preview. A JPEG's EXIF
    may tell of the raw photo that it was made of.
    """
    kind = str(tags.get("File:MIMEType", ""))
    names = {"image/jpeg": "File:BitsPerSample", "image/png": "PNG:BitDepth"}.get(kind)
    if names is None and kind.startswith(("image/tiff", "image/x-")):
        names = "*:BitsPerSample"
    bits = [
        int(part)
        for _, value in (look.found(tags, names) if names else ())
        for part in str(value).split()
        if part.isdecimal() and 0 < int(part) <= 64
    ]
    return max(bits, default=None)


def _altitude(exif: ExifReport) -> float | None:
    where = location.of_tags(exif.tags)
    if where is not None:
        return where.altitude_metres
    return location.altitude(exif.tags) or None  # 0 beside zeroed or missing degrees is unset


def _lens(exif: ExifReport) -> str | None:
    """The lens in words: of a maker's number those that ExifTool knows, never the number."""
    for tag, value in look.found(exif.tags | exif.words, *_LENS):
        name = look.text({tag: value}, tag)
        if name and not _NO_LENS.fullmatch(name) and any(map(str.isalpha, name)):
            return name
    return None


def _iso(exif: ExifReport) -> int | None:
    """The sensitivity; beyond 16 bits by EXIF 2.3's own tags; of makers' codes in words."""
    tags = exif.tags
    for name in (
        *("ExifIFD:ISO", "ExifIFD:RecommendedExposureIndex", "ExifIFD:StandardOutputSensitivity"),
        *("XMP-exif:ISO", "XMP-exifEX:PhotographicSensitivity", "Composite:ISO", "*:ISO"),
    ):
        for tag, value in look.found(tags, name):
            known = look.above_zero(exif.words.get(tag, value))
            if known and known != _TOO_HIGH:
                return known
    return None


def _orientation(exif: ExifReport) -> int | None:
    """How far to turn clockwise: of HEIF by the container, as its EXIF is past."""
    tags = exif.tags
    if str(tags.get("File:MIMEType")).startswith(("image/heic", "image/heif", "image/avif")):
        turned = look.integer(tags.get("QuickTime:Rotation"))
        return None if turned is None else -90 * turned % 360  # irot counts the other way
    for name in ("IFD0:Orientation", "XMP-tiff:Orientation"):
        if (turned := _ORIENTATIONS.get(look.integer(tags.get(name)) or 0)) is not None:
            return turned
    # Formats with numbers of their own for the same words (Photo CD, DPX).
    return next((_TURNS[word] for _, word in look.found(exif.words, "*:Orientation")
                 if word in _TURNS), None)  # fmt: skip


def _word(tags: Mapping[str, Any], words: Mapping[int, str], name: str) -> str | None:
    """A number of EXIF as its word; a maker's own word as it is, but not a maker's number."""
    for group in ("ExifIFD", "XMP-exif"):
        if (value := look.number(tags.get(f"{group}:{name}"))) is not None:
            return words.get(int(value))
    written = (look.text({tag: value}, tag) for tag, value in look.found(tags, f"*:{name}"))
    return next((text for text in written if text and look.number(text) is None), None)
