"""Focal length, its 35 mm equivalent and class, and how each is known."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from utils.metadata import tags as look
from utils.models.metadata import ExtendedExif, FocalClass, FocalLength, FocalSource
from utils.models.probe import ContainerProbe, ExifReport

# Lower bounds of the classes in mm of the 35 mm equivalent; they end at 800.
_CLASSES = (
    (8, FocalClass.ULTRA_WIDE), (18, FocalClass.WIDE), (35, FocalClass.MEDIUM),
    (70, FocalClass.LONG), (200, FocalClass.TELE),
)  # fmt: skip
_LONGEST = 800
_LONGEST_LENS = 5200  # mm: the longest that was ever sold
_FILM_DIAGONAL = math.hypot(36, 24)
_FILM_WIDTH = 36
# Millimetres in the unit of FocalPlaneResolutionUnit (EXIF 2.32, and TIFF/EP's two more).
_UNITS = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
# "RF50mm F1.8", "iPhone 15 Pro back camera 6.765mm f/1.78", but not "24-70mm".
_PRIME = re.compile(r"(?<![\d.\-–])(\d{1,4}(?:\.\d+)?) ?mm(?=$|[\s/,)f])(?! ?[-–])", re.IGNORECASE)


def detect(
    exif: ExifReport | None, extended: ExtendedExif | None, container: ContainerProbe
) -> FocalLength:
    """The focal length by tags, else by formula, else by what else the file says.

    ``exif``: a tag states it. ``computed``: from tags of the sensor or the field of view.
    ``estimated``: the lens is a prime and its name says how long. Nothing is looked up by
    camera model: what the file does not say is None.
    """
    tags = exif.tags if exif else {}
    own = next(_lengths(tags, *look.FOCAL_LENGTH), None)
    equal = next(_lengths(tags, *look.FOCAL_LENGTH_35MM), None)
    if equal:
        return _known(own[1] if own else None, equal[1], FocalSource.EXIF, equal[0])
    if own:
        crop, how = _crop(tags, container)
        if crop:
            return _known(own[1], own[1] * crop, FocalSource.COMPUTED, f"{own[0]} × {how}")
        if (seen := _by_field_of_view(tags)) is not None:
            return _known(own[1], seen[1], FocalSource.COMPUTED, seen[0])
        return _known(own[1], None, FocalSource.EXIF, own[0])
    if (seen := _by_field_of_view(tags)) is not None:
        return _known(None, seen[1], FocalSource.COMPUTED, seen[0])
    lengths = set(_PRIME.findall(extended.lens or "")) if extended else set()
    if len(lengths) == 1 and 0 < (length := float(lengths.pop())) <= _LONGEST_LENS:
        return _known(length, None, FocalSource.ESTIMATED, "the lens's name")
    return FocalLength()


def classify(equivalent_mm: float | None) -> FocalClass | None:
    """The class of a 35 mm equivalent; each begins with its lower bound."""
    if equivalent_mm is None or equivalent_mm > _LONGEST:
        return None
    return next((name for low, name in reversed(_CLASSES) if equivalent_mm >= low), None)


def _known(own: float | None, equal: float | None, source: FocalSource, how: str) -> FocalLength:
    return FocalLength(
        focal_length_mm=None if own is None else round(own, 3),
        focal_length_35mm=None if equal is None else round(equal, 1),
        focal_class=classify(equal),
        source=source,
        how=how,
    )


def _lengths(tags: Mapping[str, Any], *names: str) -> Any:
    return ((tag, mm) for tag, mm in look.positives(tags, *names) if mm <= _LONGEST_LENS)


def _crop(tags: Mapping[str, Any], container: ContainerProbe) -> tuple[float | None, str]:
    """How much smaller than film the sensor is, by its diagonal (CIPA DCG-001)."""
    across = look.positive(tags, "ExifIFD:FocalPlaneXResolution")
    down = look.positive(tags, "ExifIFD:FocalPlaneYResolution")
    unit = _UNITS.get(look.integer(tags.get("ExifIFD:FocalPlaneResolutionUnit")) or 2)
    width = look.positive(tags, "ExifIFD:ExifImageWidth") or (
        container.video.width if container.video else None
    )
    height = look.positive(tags, "ExifIFD:ExifImageHeight") or (
        container.video.height if container.video else None
    )
    if across and down and unit and width and height:
        diagonal = math.hypot(width / across * unit, height / down * unit)
        # Medium format to the smallest phone; beyond that the tags are wrong.
        if 0.5 <= (crop := _FILM_DIAGONAL / diagonal) <= 15:
            return crop, "film by sensor diagonal (FocalPlaneResolution)"
    if scale := look.positive(tags, "Composite:ScaleFactor35efl"):
        return scale, "ExifTool's ScaleFactor35efl"
    return None, ""


def _by_field_of_view(tags: Mapping[str, Any]) -> tuple[str, float] | None:
    for tag, degrees in look.positives(tags, "*:HorizontalFOV", "*:CameraHorizontalFOV"):
        if 1 < degrees < 170:
            return f"36 mm / 2 tan({tag} / 2)", _FILM_WIDTH / 2 / math.tan(
                math.radians(degrees) / 2
            )
    return None
