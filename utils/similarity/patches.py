"""Small parts of a picture by which it is found again though it was cut.

The places of a picture that stand out, at several scales (extrema of differences of Gaussians,
as SIFT takes them), each with a hash of its surroundings. A cut picture keeps those inside it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.similarity import cosines

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

_SIDE = 256  # pixels of the long side in which places are looked for
_MOST = 48
_FIRST_SIGMA, _PER_OCTAVE, _SCALES = 2.5, 3, 9
_REACH = 5.0  # half a patch's side in sigmas: 4 and 6 found as much
_PATCH_SIDE = 32
_FAINT = 1.0  # grey levels: what stands out by less is grain
THUMBNAIL_SIDE = 48
_STORED = np.dtype([("x", "<u2"), ("y", "<u2"), ("half", "<u2"), ("bits", "<u8")])
_UNIT = 65535.0


class Patches(NamedTuple):
    """Centres (x, y) and half sides of patches, in shares of the long side; their hashes."""

    places: NDArray[np.float64]
    halves: NDArray[np.float64]
    hashes: NDArray[np.uint64]


def of_picture(grey: Image.Image) -> str:
    """The patches of a picture, the most salient first, in Base64."""
    from PIL import Image

    scale = _SIDE / max(grey.size)
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    small = grey.resize(size, Image.Resampling.LANCZOS)
    rows = []
    for x, y, half in _salient(np.asarray(small, np.float32))[:_MOST]:
        box = (x - half, y - half, x + half, y + half)
        patch = small.resize((_PATCH_SIDE, _PATCH_SIDE), Image.Resampling.BILINEAR, box=box)
        bits = np.packbits(cosines.signs(np.asarray(patch, np.float64))).view(">u8")[0]
        rows.append((*(round(value / _SIDE * _UNIT) for value in (x, y, half)), bits))
    return base64.b64encode(np.array(rows, _STORED).tobytes()).decode()


def read(text: str | None) -> Patches:
    """What ``of_picture`` wrote."""
    rows = np.frombuffer(base64.b64decode(text or ""), _STORED)
    places = np.stack([rows["x"], rows["y"]], axis=1).astype(np.float64) / _UNIT
    return Patches(places, rows["half"] / _UNIT, rows["bits"].astype(np.uint64))


def thumbnail(grey: Image.Image) -> str:
    """``THUMBNAIL_SIDE`` × ``THUMBNAIL_SIDE`` grey levels, in Base64."""
    from PIL import Image

    small = grey.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return base64.b64encode(small.tobytes()).decode()


def read_thumbnail(text: str) -> NDArray[np.float64]:
    """The rows of a thumbnail."""
    pixels = np.frombuffer(base64.b64decode(text), np.uint8).astype(np.float64)
    return pixels.reshape(THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def _salient(pixels: NDArray[np.float32]) -> list[tuple[float, float, float]]:
    """Centre and half side, in pixels, of patches that lie inside the picture."""
    from scipy import ndimage

    sigmas = _FIRST_SIGMA * 2 ** (np.arange(_SCALES) / _PER_OCTAVE)
    blurred = [ndimage.gaussian_filter(pixels, sigma, mode="nearest") for sigma in sigmas]
    response = np.abs(np.diff(np.stack(blurred), axis=0))
    peaks = ndimage.maximum_filter(response, size=(3, 5, 5)) == response
    peaks[[0, -1]] = False
    scale, y, x = np.nonzero(peaks)
    value = response[scale, y, x]
    below, above = response[scale - 1, y, x], response[scale + 1, y, x]
    bend = below - 2 * value + above
    # The scale between two that were looked at, by a parabola.
    between = np.clip(np.where(bend == 0, 0, (below - above) / np.where(bend == 0, 1, 2 * bend)),
                      -0.5, 0.5)  # fmt: skip
    half = _REACH * _FIRST_SIGMA * 2 ** ((scale + between) / _PER_OCTAVE)
    middle_x, middle_y = x + 0.5, y + 0.5
    (height, width), reach = pixels.shape, half
    inside = (middle_x >= reach) & (middle_x + reach <= width)
    inside &= (middle_y >= reach) & (middle_y + reach <= height) & (value > _FAINT)
    order = [n for n in value.argsort()[::-1] if inside[n]]
    return [(float(middle_x[n]), float(middle_y[n]), float(half[n])) for n in order]
