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
# Diagonals in mm, from the smallest phone's to medium format; beyond that the tags are wrong.
# The sizes are those of cameras that were sold: 1/2.7" to 4/3", APS, film, medium format.
_SMALLEST, _LARGEST = 2.8, 87.0
_SENSORS = (
    6.72,
    7.18,
    7.7,
    8.93,
    9.3,
    11.0,
    15.86,
    21.64,
    23.4,
    24.9,
    26.8,
    28.3,
    34.0,
    43.27,
    55.0,
)
_ALIKE = 0.02
# What a camera recorded, in its own notes.
_RECORDED = (("Canon:CanonImageWidth", "Canon:CanonImageHeight"),
             ("Canon:OriginalImageWidth", "Canon:OriginalImageHeight"),
             ("Olympus:OlympusImageWidth", "Olympus:OlympusImageHeight"),
             ("Sony:SonyImageWidthMax", "Sony:SonyImageHeightMax"),
             ("InteropIFD:RelatedImageWidth", "InteropIFD:RelatedImageHeight"))  # fmt: skip
_EDITED = re.compile(
    "photoshop|lightroom|gimp|magick|picasa|acdsee|irfan|paint|photo", re.IGNORECASE
)
_LEAST_CROP = 0.35  # of a sensor larger than any that was sold: a tag of less is wrong
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
    equals = _lengths(tags, *look.FOCAL_LENGTH_35MM)
    equal = next((e for e in equals if not own or e[1] > own[1] * _LEAST_CROP), None)
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
    for how, diagonal in (
        ("FocalPlaneDiagonal", look.positive(tags, "*:FocalPlaneDiagonal")),
        ("SensorSize", _diagonal(*_pair(look.text(tags, "*:SensorSize")))),
        ("FocalPlaneXSize", _diagonal(*(look.positive(tags, f"*:FocalPlane{side}Size")
                                        for side in "XY"))),
        ("FocalPlaneResolution", _by_resolution(tags, container)),
    ):  # fmt: skip
        if diagonal and _SMALLEST <= diagonal <= _LARGEST:
            zoom = max(1.0, look.positive(tags, "ExifIFD:DigitalZoomRatio") or 1.0)
            zoomed = f" × digital zoom {zoom:g}" if zoom > 1 else ""
            return _FILM_DIAGONAL / diagonal * zoom, f"film by sensor diagonal ({how}){zoomed}"
    return None, ""


def _by_resolution(tags: Mapping[str, Any], container: ContainerProbe) -> float | None:
    """The sensor's diagonal in mm, by its pixels per unit and the width that it *recorded*.

    The resolution stays when a picture is made smaller, so the picture's own width tells nothing;
    nor does EXIF's where an editor has kept that in step: then only known sizes of sensors count.
    """
    across = look.positive(tags, "ExifIFD:FocalPlaneXResolution")
    down = look.positive(tags, "ExifIFD:FocalPlaneYResolution") or across
    unit = _UNITS.get(look.integer(tags.get("ExifIFD:FocalPlaneResolutionUnit")) or 2)
    recorded = next(filter(None, (_size(tags, pair) for pair in _RECORDED)), None)
    is_makers = recorded is not None
    recorded = recorded or _size(tags, ("ExifIFD:ExifImageWidth", "ExifIFD:ExifImageHeight"))
    if not (across and down and unit and recorded):
        return None
    if (canons := _canons(tags, across, down, unit)) is not None:
        return canons
    width, height = recorded
    diagonal = _diagonal(width / across * unit, height / down * unit)
    if diagonal is None or is_makers:
        return diagonal
    stored = container.video.width if container.video else None
    is_original = stored in recorded and not _EDITED.search(look.text(tags, "IFD0:Software") or "")
    is_known = any(abs(diagonal / known - 1) < _ALIKE for known in _SENSORS)
    return diagonal if is_original or is_known else None


def _canons(tags: Mapping[str, Any], across: float, down: float, unit: float) -> float | None:
    """The diagonal of a Canon's sensor, which its resolution's denominators hold.

    Numbers don't show them, but ExifTool's scale is made of them, unless it equals that of a
    width: then ExifTool found none, and took the width for it.
    """
    scale = look.positive(tags, "Composite:ScaleFactor35efl")
    if scale is None or look.text(tags, "IFD0:Make") != "Canon":
        return None
    found = _FILM_DIAGONAL / scale
    for names in (*_RECORDED, ("ExifIFD:ExifImageWidth", "ExifIFD:ExifImageHeight"),
                  ("File:ImageWidth", "File:ImageHeight"),
                  ("IFD0:ImageWidth", "IFD0:ImageHeight")):  # fmt: skip
        if size := _size(tags, names):
            by_width = math.hypot(size[0] / across * unit, size[1] / down * unit)
            if abs(by_width / found - 1) < _ALIKE / 2:
                return None
    return found


def _size(tags: Mapping[str, Any], names: tuple[str, str]) -> tuple[float, float] | None:
    width, height = (look.positive(tags, name) for name in names)
    return (width, height) if width and height else None


def _pair(text: str | None) -> tuple[float | None, float | None]:
    parts = (text or "").replace("x", " ").split()
    return (look.number(parts[0]), look.number(parts[1])) if len(parts) == 2 else (None, None)


def _diagonal(width: float | None, height: float | None) -> float | None:
    """Of a sensor; None of a shape that none has (the makers' sizes are not always sizes)."""
    if not width or not height or not 0.5 < width / height < 2:
        return None
    return math.hypot(width, height)


def _by_field_of_view(tags: Mapping[str, Any]) -> tuple[str, float] | None:
    for tag, degrees in look.positives(tags, "*:HorizontalFOV", "*:CameraHorizontalFOV"):
        if 1 < degrees < 170:
            return f"36 mm / 2 tan({tag} / 2)", _FILM_WIDTH / 2 / math.tan(
                math.radians(degrees) / 2
            )
    return None
