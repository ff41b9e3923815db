"""The box of a picture inside its border: letterbox bars, a plain frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

Box = tuple[int, int, int, int]

_FLAT, _SAME = 4.0, 8.0  # grey levels: grain within a line of a border, from line to line
_LEAST_SHARE = 0.02  # of a side; what is less is an edge of the encoder's
_MOST_SHARE = 0.6  # of a side; what is more is a picture of something small
_BLEED = 1  # lines: where a border ends, JPEG mixes both


def inner(pictures: Sequence[Image.Image]) -> Box | None:
    """Left, top, right and bottom of what is inside the border of all of these; None without one.

    Args:
        pictures: Grey, all of one size: the stills of one film, or one photo.
    """
    if not pictures or len({picture.size for picture in pictures}) > 1:
        return None
    rows = [_border(np.asarray(picture, np.float32)) for picture in pictures]
    columns = [_border(np.asarray(picture, np.float32).T) for picture in pictures]
    top, bottom = (min(row[end] for row in rows) for end in (0, 1))
    left, right = (min(column[end] for column in columns) for end in (0, 1))
    width, height = pictures[0].size
    for cut, side in ((left + right, width), (top + bottom, height)):
        if cut > _MOST_SHARE * side:
            return None
    if max((left + right) / width, (top + bottom) / height) < _LEAST_SHARE:
        return None
    cut_to = [edge + _BLEED if edge else 0 for edge in (left, top, right, bottom)]
    return cut_to[0], cut_to[1], width - cut_to[2], height - cut_to[3]


def _border(lines: NDArray[np.float32]) -> tuple[int, int]:
    """How many lines at the beginning and at the end are one plain colour."""
    flat, mean = lines.std(axis=1) <= _FLAT, lines.mean(axis=1)
    return _run(flat, mean), _run(flat[::-1], mean[::-1])


def _run(flat: NDArray[np.bool_], mean: NDArray[np.float32]) -> int:
    same = flat & (np.abs(mean - mean[0]) <= _SAME)
    return len(same) if same.all() else int(same.argmin())
