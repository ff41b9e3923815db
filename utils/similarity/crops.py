"""Whether a picture is a part of another, mirrored or turned or not.

Patches that look alike vote for where the one lies in the other; where enough agree, the
pixels of both are compared there. A part lies inside the whole: of two shots of a burst, or the
two views of a stereo camera, each shows something that the other does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.similarity.patches import Patches
from utils.similarity.turns import TURNS, Turn, turned, turned_picture, turned_places

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PATCH_BITS = 12  # of 63: patches of a copy, cut and encoded again, differ in 4 to 10
_SCALE_SHARE, _PLACE_SHARE = 0.12, 0.03  # by how much votes that agree may differ
_LEAST_VOTES = 4
_LEAST_SIDE = 0.70  # a side of the part, of the whole's: cut by a quarter, and the tolerance
_WHOLE_SIDE = 0.975  # sides from here on are no cut: the hashes of the wholes decide
_OUTSIDE = 0.015  # of the long side: how exactly it is known where the part lies
# Two quarters of one retina, turned by a half: 4 votes and 0.94.
_LEAST_CORRELATION, _FEW_VOTES, _LEAST_OF_FEW = 0.9, 6, 0.96
_GRID = 32


class View(NamedTuple):
    """A picture as it is compared: patches, thumbnail, and its size by its long side."""

    patches: Patches
    thumbnail: NDArray[np.float64]
    width: float
    height: float


class Crop(NamedTuple):
    """How a picture is a part of another."""

    votes: int
    share: float
    correlation: float
    turn: Turn


class _Fit(NamedTuple):
    """``first = scale * second + (x, y)``, and how many patches say so."""

    votes: int
    scale: float
    x: float
    y: float


def find(a: View, b: View) -> Crop | None:
    """How one of two pictures is a part of the other; None if neither is."""
    best: Crop | None = None
    for turn in TURNS:
        other = _turned(b, turn)
        fit = _fit(a.patches, other.patches)
        if fit is None or (best and fit.votes <= best.votes):
            continue
        share = _cut_share(a, other, fit)
        if share is None:
            continue
        correlation = _correlation(a, other, fit)
        least = _LEAST_OF_FEW if fit.votes < _FEW_VOTES else _LEAST_CORRELATION
        if correlation >= least:
            best = Crop(fit.votes, share, correlation, turn)
    return best


def _turned(view: View, turn: Turn) -> View:
    places, width, height = turned_places(view.patches.places, view.width, view.height, turn)
    hashes = turned(view.patches.hashes, turn)
    patches = Patches(places, view.patches.halves, hashes)
    return View(patches, turned_picture(view.thumbnail, turn), width, height)


def _fit(a: Patches, b: Patches) -> _Fit | None:
    """The place and scale that most patches agree on."""
    if min(len(a.hashes), len(b.hashes)) < _LEAST_VOTES:
        return None
    bits = np.bitwise_count(a.hashes[:, None] ^ b.hashes[None, :])
    mine = np.arange(len(a.hashes))
    theirs = bits.argmin(axis=1)
    good = bits[mine, theirs] <= _PATCH_BITS
    if good.sum() < _LEAST_VOTES:
        return None
    mine, theirs = mine[good], theirs[good]
    scale = a.halves[mine] / b.halves[theirs]
    one, other = a.places[mine], b.places[theirs]
    offset = one - scale[:, None] * other
    # Where another vote's scale would put this patch: near where it is, if both are right.
    there = scale[:, None, None] * other[None, :, :] + offset[:, None, :]
    near = np.linalg.norm(there - one[None, :, :], axis=2) <= _PLACE_SHARE
    alike = np.abs(np.log(scale[:, None] / scale[None, :])) <= _SCALE_SHARE
    agree = near & alike
    inside = agree[agree.sum(axis=1).argmax()]
    places = {tuple(np.round(place, 2)) for place in one[inside]}  # several scales of one place
    if len(places) < _LEAST_VOTES:
        return None
    return _least_squares(one[inside], other[inside], len(places))


def _least_squares(one: NDArray[np.float64], other: NDArray[np.float64], votes: int) -> _Fit:
    middle, other_middle = one.mean(axis=0), other.mean(axis=0)
    spread = ((other - other_middle) ** 2).sum()
    scale = float(((one - middle) * (other - other_middle)).sum() / max(spread, 1e-9))
    x, y = middle - scale * other_middle
    return _Fit(votes, scale, float(x), float(y))


def _cut_share(a: View, b: View, fit: _Fit) -> float | None:
    """The part's share of the whole's area; None where neither lies in the other, or both do."""
    for outer, inner, scale, x, y in (
        (a, b, fit.scale, fit.x, fit.y),
        (
            b,
            a,
            1 / max(fit.scale, 1e-9),
            -fit.x / max(fit.scale, 1e-9),
            -fit.y / max(fit.scale, 1e-9),
        ),
    ):
        width, height = scale * inner.width, scale * inner.height
        sides = (width / outer.width, height / outer.height)
        lies_inside = (
            x >= -_OUTSIDE
            and y >= -_OUTSIDE
            and x + width <= outer.width + _OUTSIDE
            and y + height <= outer.height + _OUTSIDE
        )
        if lies_inside and min(sides) >= _LEAST_SIDE and min(sides) < _WHOLE_SIDE:
            return sides[0] * sides[1]
    return None


def _correlation(a: View, b: View, fit: _Fit) -> float:
    """How alike the pixels are where both pictures show the same, -1 to 1."""
    left, top = max(0.0, fit.x), max(0.0, fit.y)
    right = min(a.width, fit.x + fit.scale * b.width)
    bottom = min(a.height, fit.y + fit.scale * b.height)
    x = np.linspace(left, right, _GRID + 2)[1:-1]
    y = np.linspace(top, bottom, _GRID + 2)[1:-1]
    seen = _sampled(a.thumbnail, x / a.width, y / a.height)
    x, y = (x - fit.x) / fit.scale, (y - fit.y) / fit.scale
    other = _sampled(b.thumbnail, x / b.width, y / b.height)
    return (
        float(np.corrcoef(seen.ravel(), other.ravel())[0, 1]) if seen.std() and other.std() else 0
    )


def _sampled(
    pixels: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Grey levels at shares of width and height, between the pixels' middles."""
    from scipy import ndimage

    rows, columns = np.meshgrid(y * len(pixels) - 0.5, x * pixels.shape[1] - 0.5, indexing="ij")
    found: NDArray[np.float64] = ndimage.map_coordinates(
        pixels, [rows, columns], order=1, mode="nearest"
    )
    return found
