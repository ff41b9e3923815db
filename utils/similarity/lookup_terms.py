"""Pieces of a fingerprint that copies share: what the database looks candidates up by.

AcoustID finds recordings by the number of sub-fingerprints they have in common; so does this,
for pictures too. A term is a small integer: what it is of, which part, and the bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from utils.models.fingerprint import Fingerprint
from utils.models.item import MediaKind
from utils.similarity import patches
from utils.similarity.prints import prints, prints_of
from utils.similarity.turns import TURNS, Turn, turned

if TYPE_CHECKING:
    from numpy.typing import NDArray

# 64 of the sound's terms, the same ones in each copy because their hash decides. Measured on
# the corpus of resemblance.py: copies shared 12 to 64, others at most 1, two noises 18.
_SOUND_TERMS = 64
_SOUND_BITS = 20  # the upper and the lower 20 of 32 bits
_BANDS = 4  # of 16 bits each, from 64
# Sound first: rarer terms, and lookups are bounded.
_SOUND, _PICTURE, _IMAGE, _PATCH = 1, 2, 3, 4
_EACH = 4  # frame of a film is looked up mirrored and turned
_PATCH_BITS = 20
# The places, in a patch's 8 × 8 signs, of the lowest frequencies; the first of all is brightness.
_LOWEST = np.array(
    sorted(range(1, 64), key=lambda at: ((at // 8) ** 2 + (at % 8) ** 2, at))[:_PATCH_BITS]
)


def of(fingerprint: Fingerprint) -> list[int]:
    """The terms that a fingerprint is kept under."""
    known, inside = prints(fingerprint), _inside(fingerprint)
    if fingerprint.kind is MediaKind.IMAGE:
        found = patches.read(fingerprint.patches).hashes
        bands = [_bands(hashes[:1], _IMAGE) for hashes in (known.hashes, inside)]
        return sorted({*(term for part in bands for term in part.tolist()), *_patch_terms(found)})
    sound = _sound(known.words[known.telling])
    seen = [_bands(hashes, _PICTURE) for hashes in (known.hashes, inside)]
    return sorted({*sound.tolist(), *(term for part in seen for term in part.tolist())})


def searched(fingerprint: Fingerprint) -> list[list[int]]:
    """The terms under which its copies may be kept, in groups that are each looked up alone.

    For an image also all that differ in one bit of a band: whatever is within 7 bits of 64
    has a band with at most one difference, so that none is missed. The further groups are
    those of copies that are mirrored, turned, or a part.
    """
    known, inside = prints(fingerprint).hashes, _inside(fingerprint)
    if fingerprint.kind is not MediaKind.IMAGE:
        some = [known[::_EACH], inside[::_EACH]]
        return [of(fingerprint), _turned_terms(some, _PICTURE, TURNS[1:])]
    flips = [0, *(1 << bit for bit in range(64 // _BANDS))]
    whole = [known[:1], inside[:1]]
    as_is = {term ^ flip for term in _turned_terms(whole, _IMAGE, TURNS[:1]) for flip in flips}
    places = patches.read(fingerprint.patches).hashes
    parts = {term for turn in TURNS for term in _patch_terms(turned(places, turn))}
    return [sorted(as_is), _turned_terms(whole, _IMAGE, TURNS[1:]), sorted(parts)]


def _inside(fingerprint: Fingerprint) -> NDArray[np.uint64]:
    """The hashes of its frames without their border; none where there is none."""
    return prints_of(fingerprint.inside.frames if fingerprint.inside else ()).hashes


def _turned_terms(
    parts: Sequence[NDArray[np.uint64]], what: int, turns: Sequence[Turn]
) -> list[int]:
    found = (_bands(turned(hashes, turn), what) for hashes in parts for turn in turns)
    return sorted({term for terms in found for term in terms.tolist()})


def _patch_terms(hashes: NDArray[np.uint64]) -> list[int]:
    """The lowest frequencies of each patch: of 24 pictures cut by 25 %, 20 kept two and more."""
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)[:, _LOWEST]
    values = bits @ (1 << np.arange(_PATCH_BITS, dtype=np.int64))
    return sorted({int(value) | _PATCH << 40 for value in values})


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
