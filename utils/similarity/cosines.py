"""Hashes of a picture's shapes: the signs of its lowest cosine coefficients.

As ImageHash's phash, but for the threshold: zero, not the median, so that the hash of a mirrored
picture follows from the picture's own (utils/similarity/turns.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

_OVERSAMPLED = 4  # pixels of the small picture for each coefficient kept


def of_picture(grey: Image.Image, size: int = 8) -> str:
    """``size`` × ``size`` bits as hex digits, by vertical, then horizontal frequency."""
    from PIL import Image

    side = size * _OVERSAMPLED
    small = grey.resize((side, side), Image.Resampling.LANCZOS)
    return np.packbits(signs(np.asarray(small, np.float64), size)).tobytes().hex()


def signs(pixels: NDArray[np.float64], size: int = 8) -> NDArray[np.bool_]:
    """Which of the lowest ``size`` × ``size`` coefficients of a square picture are positive.

    The first, the picture's brightness, is always true.
    """
    waves = _waves(len(pixels))[:size]
    found: NDArray[np.bool_] = waves @ (pixels - pixels.mean()) @ waves.T > 0
    found[0, 0] = True
    return found


@cache
def _waves(side: int) -> NDArray[np.float64]:
    frequency, place = np.arange(side)[:, None], np.arange(side)[None, :]
    found: NDArray[np.float64] = np.cos(np.pi * (2 * place + 1) * frequency / (2 * side))
    return found
