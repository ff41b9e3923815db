"""A picture mirrored or turned by quarters, told by its hashes alone.

The hashes are signs of cosine coefficients: where a picture is mirrored, those of odd frequency
change their sign, and where its axes are exchanged, so are those of its frequencies. So a hash
is turned without the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Turn(NamedTuple):
    """Axes exchanged first, then left and right, then top and bottom."""

    exchanged: bool
    mirrored: bool
    flipped: bool
    words: str


# Of 8 × 8 signs, the first in the highest bit.
_ODD_COLUMNS, _ODD_ROWS = 0x5555555555555555, 0x00FF00FF00FF00FF

AS_IS = Turn(False, False, False, "")
TURNS = (
    AS_IS,
    Turn(False, True, False, "mirrored"),
    Turn(False, False, True, "mirrored, upside down"),
    Turn(False, True, True, "turned by a half"),
    Turn(True, False, False, "mirrored, turned by a quarter"),
    Turn(True, True, False, "turned by a quarter"),
    Turn(True, False, True, "turned by a quarter"),
    Turn(True, True, True, "mirrored, turned by a quarter"),
)


def turned(hashes: NDArray[np.uint64], turn: Turn) -> NDArray[np.uint64]:
    """64-bit hashes of the turned pictures."""
    if turn.exchanged and len(hashes):
        bits = np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)
        rows = bits.reshape(-1, 8, 8).transpose(0, 2, 1).reshape(-1, 64)
        hashes = np.packbits(rows, axis=1).view(">u8").ravel().astype(np.uint64)
    signs = (_ODD_COLUMNS if turn.mirrored else 0) ^ (_ODD_ROWS if turn.flipped else 0)
    return hashes ^ np.uint64(signs)


def turned_detail(detail: str, turn: Turn) -> int:
    """A 256-bit hash (64 hex digits) of the turned picture."""
    if turn is AS_IS:
        return int(detail, 16)
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(detail), np.uint8)).reshape(1, 16, 16)
    return int.from_bytes(np.packbits(_turned(bits, turn)).tobytes(), "big")


def turned_places(
    places: NDArray[np.float64], width: float, height: float, turn: Turn
) -> tuple[NDArray[np.float64], float, float]:
    """Points (x, y) of a picture and its size, in the turned picture."""
    if turn.exchanged:
        places, width, height = places[:, ::-1], height, width
    x, y = places[:, 0], places[:, 1]
    x = width - x if turn.mirrored else x
    y = height - y if turn.flipped else y
    return np.stack([x, y], axis=1), width, height


def turned_picture(pixels: NDArray[np.float64], turn: Turn) -> NDArray[np.float64]:
    """The rows of a picture, turned."""
    pixels = pixels.T if turn.exchanged else pixels
    pixels = pixels[:, ::-1] if turn.mirrored else pixels
    return pixels[::-1] if turn.flipped else pixels


def _turned(bits: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    """Signs by vertical and horizontal frequency."""
    made = bits.transpose(0, 2, 1).copy() if turn.exchanged else bits.copy()
    if turn.mirrored:
        made[:, :, 1::2] ^= 1
    if turn.flipped:
        made[:, 1::2, :] ^= 1
    return made
