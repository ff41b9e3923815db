"""Pieces of a fingerprint that copies share: what the database looks candidates up by.

AcoustID finds recordings by the number of sub-fingerprints they have in common; so does this,
for pictures too. A term is a small integer: what it is of, which part, and the bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from utils.models.fingerprint import Fingerprint
from utils.models.item import MediaKind
from utils.similarity.compare import prints

if TYPE_CHECKING:
    from numpy.typing import NDArray

# 64 of the sound's terms, the same ones in each copy because their hash decides. Measured on
# the corpus of resemblance.py: copies shared 12 to 64, others at most 1, two noises 18.
_SOUND_TERMS = 64
_SOUND_BITS = 20  # the upper and the lower 20 of 32 bits
_BANDS = 4  # of 16 bits each, from 64
_SOUND, _PICTURE, _IMAGE = 1, 2, 3  # sound first: rarer terms, and lookups are bounded


def of(fingerprint: Fingerprint) -> list[int]:
    """The terms that a fingerprint is kept under."""
    known = prints(fingerprint)
    if fingerprint.kind is MediaKind.IMAGE:
        return sorted(set(_bands(known.hashes[:1], _IMAGE).tolist()))
    sound = _sound(known.words[known.telling])
    return sorted({*sound.tolist(), *_bands(known.hashes, _PICTURE).tolist()})


def searched(fingerprint: Fingerprint) -> list[int]:
    """The terms under which its copies may be kept.

    For an image also all that differ in one bit of a band: whatever is within 7 bits of 64
    has a band with at most one difference, so that none is missed.
    """
    terms = of(fingerprint)
    if fingerprint.kind is not MediaKind.IMAGE:
        return terms
    flips = [0, *(1 << bit for bit in range(64 // _BANDS))]
    return sorted({term ^ flip for term in terms for flip in flips})


def _bands(hashes: NDArray[np.uint64], what: int) -> NDArray[np.uint64]:
    """Each hash in four interleaved parts, each part with its number.

    Interleaved, so that no part holds only the coarsest shapes, which many pictures share.
    """
    bits = np.unpackbits(hashes[:, None].view(np.uint8), axis=1).reshape(-1, 16, _BANDS)
    parts = np.packbits(bits.transpose(0, 2, 1), axis=2).astype(np.uint64)
    values = parts[:, :, 0] << np.uint64(8) | parts[:, :, 1]
    tags = np.array([what << 40 | band << 32 for band in range(_BANDS)], np.uint64)
    return (values | tags[None, :]).ravel()


def _sound(words: NDArray[np.uint32]) -> NDArray[np.uint64]:
    wide = words.astype(np.uint64)
    mask = np.uint64((1 << _SOUND_BITS) - 1)
    upper = wide >> np.uint64(32 - _SOUND_BITS) | np.uint64(_SOUND << 40)
    lower = (wide & mask) | np.uint64(_SOUND << 40 | 1 << 32)
    found = np.unique(np.concatenate([upper, lower]))
    # A fixed scramble (Fibonacci hashing): which terms are taken must not depend on the file.
    order = (found * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    return found[order.argsort()[:_SOUND_TERMS]]
