"""What the camera noted of itself and of the shot."""

from __future__ import annotations

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

_SERIAL = ("ExifIFD:SerialNumber", "XMP-aux:SerialNumber", "XML:DeviceSerialNo",
           "*:CameraSerialNumber", "*:SerialNumber", "*:InternalSerialNumber")  # fmt: skip
_LENS = ("ExifIFD:LensModel", "XMP-exifEX:LensModel", "XMP-aux:Lens", "*:LensModel",
         "*:CameraLensModel", "XML:LensModelName", "*:Lens", "*:LensType")  # fmt: skip


def extended(exif: ExifReport) -> ExtendedExif:
    """Camera, lens, exposure and place; camera and lens also from makers' own tags."""
    tags = exif.tags
    return ExtendedExif(
        make=look.text(tags, *look.MAKE),
        model=look.text(tags, *look.MODEL),
        serial=look.text(tags, *_SERIAL),
        lens=_lens(tags),
        iso=look.above_zero(look.positive(tags, "ExifIFD:ISO", "XMP-exif:ISO", "*:ISO")),
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
        orientation_degrees=_ORIENTATIONS.get(look.integer(tags.get("IFD0:Orientation")) or 0),
    )


def _altitude(exif: ExifReport) -> float | None:
    where = location.of_tags(exif.tags)
    if where is not None:
        return where.altitude_metres
    return location.altitude(exif.tags) or None  # 0 beside zeroed or missing degrees is unset


def _lens(tags: Mapping[str, Any]) -> str | None:
    """The lens by name: makers' own types are numbers under -n, and say nothing alone."""
    names = [look.text({tag: value}, tag) for tag, value in look.found(tags, *_LENS)]
    worded = [name for name in names if name and any(letter.isalpha() for letter in name)]
    composed = look.text(tags, "Composite:LensID")
    if composed and any(letter.isalpha() for letter in composed):
        worded.append(composed)
    return worded[0] if worded else None


def _word(tags: Mapping[str, Any], words: Mapping[int, str], name: str) -> str | None:
    """A number of EXIF as its word; a maker's own word as it is, but not a maker's number."""
    for group in ("ExifIFD", "XMP-exif"):
        if (value := look.number(tags.get(f"{group}:{name}"))) is not None:
            return words.get(int(value))
    written = (look.text({tag: value}, tag) for tag, value in look.found(tags, f"*:{name}"))
    return next((text for text in written if text and look.number(text) is None), None)
