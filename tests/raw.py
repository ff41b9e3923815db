"""A camera's raw photo, made: a DNG as small as can be."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

_BYTES, _TEXT, _SHORT, _LONG, _RATIO, _SIGNED_RATIO = 1, 2, 3, 4, 5, 10
Entry = tuple[int, int, int, bytes]
_TO_CAMERA = (269, -128, -41, -102, 198, 4, 6, -22, 115)  # hundredths
_FIRST, _SECOND, _DATA = 8, 512, 1024  # where the two tables and the pictures lie


def write_dng(
    path: Path,
    width: int = 64,
    height: int = 48,
    preview: tuple[int, int] = (16, 12),
    orientation: int = 1,
    exif: Image.Exif | None = None,
) -> Path:
    """Grey with noise, as a sensor sees it; the picture beside it is red, of size ``preview``.

    ``orientation`` is that of the whole, ``exif`` lies in the picture beside.
    """
    shown = io.BytesIO()
    told = Image.Exif() if exif is None else exif
    Image.new("RGB", preview, (200, 30, 30)).save(shown, "JPEG", exif=told)
    jpeg = shown.getvalue()[:2] + shown.getvalue()[20:]  # cameras write no JFIF header
    noise = np.random.default_rng(7).integers(8000, 24000, (height, width), dtype=np.uint16)
    pixels, sensor_at = noise.tobytes(), _DATA + len(jpeg)
    outer = [
        *_picture(1, preview, 7, 6, _DATA, len(jpeg)),
        (258, _SHORT, 3, struct.pack("<HHH", 8, 8, 8)),
        _entry(274, _SHORT, orientation),
        _entry(277, _SHORT, 3),
        _entry(330, _LONG, _SECOND),
        _entry(50706, _BYTES, 1, 4, 0, 0),
        (50708, _TEXT, 6, b"Model\0"),
        (50721, _SIGNED_RATIO, 9, struct.pack("<18i", *(n for v in _TO_CAMERA for n in (v, 100)))),
        (50728, _RATIO, 3, struct.pack("<IIIIII", 1, 1, 1, 1, 1, 1)),
        _entry(50778, _SHORT, 21),
    ]  # fmt: skip
    sensor = [
        *_picture(0, (width, height), 1, 32803, sensor_at, len(pixels)),
        _entry(258, _SHORT, 16),
        _entry(277, _SHORT, 1),
        _entry(33421, _SHORT, 2, 2),
        _entry(33422, _BYTES, 0, 1, 1, 2),
        _entry(50717, _LONG, 32767),
    ]
    whole = struct.pack("<2sHI", b"II", 42, _FIRST) + _table(outer, _FIRST)
    whole = whole.ljust(_SECOND, b"\0") + _table(sensor, _SECOND)
    path.write_bytes(whole.ljust(_DATA, b"\0") + jpeg + pixels)
    return path


def _picture(
    kind: int, size: tuple[int, int], packing: int, colours: int, at: int, length: int
) -> list[Entry]:
    return [
        *(_entry(254, _LONG, kind), _entry(256, _LONG, size[0]), _entry(257, _LONG, size[1])),
        *(_entry(259, _SHORT, packing), _entry(262, _SHORT, colours), _entry(273, _LONG, at)),
        *(_entry(278, _LONG, size[1]), _entry(279, _LONG, length)),
    ]


def _entry(tag: int, kind: int, *values: int) -> Entry:
    form = {_BYTES: "B", _SHORT: "H", _LONG: "I"}[kind]
    return tag, kind, len(values), struct.pack(f"<{len(values)}{form}", *values)


def _table(entries: list[Entry], at: int) -> bytes:
    """An image file directory at ``at``, and behind it what is too long to stand in it."""
    rows, outside = struct.pack("<H", len(entries)), b""
    free = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        stored = value.ljust(4, b"\0")
        if len(value) > 4:
            stored = struct.pack("<I", free + len(outside))
            outside += value + b"\0" * (len(value) % 2)
        rows += struct.pack("<HHI", tag, kind, count) + stored
    return rows + struct.pack("<I", 0) + outside
