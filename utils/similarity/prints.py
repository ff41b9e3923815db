"""Fingerprints as arrays."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.models.fingerprint import Fingerprint, Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Prints(NamedTuple):
    """A fingerprint as arrays; only frames that are not flat."""

    hashes: NDArray[np.uint64]
    times: NDArray[np.float64]
    words: NDArray[np.uint32]
    telling: NDArray[np.bool_]


def prints(fingerprint: Fingerprint) -> Prints:
    """The arrays of a fingerprint."""
    return prints_of(fingerprint.frames, fingerprint.audio)


def prints_of(frames: Sequence[Frame], audio: str | None = None) -> Prints:
    """The same of frames, such as those without a border."""
    frames = [frame for frame in frames if not frame.flat]
    words = np.frombuffer(base64.b64decode(audio or ""), "<u4")
    telling = np.ones(len(words), bool)
    # Silence, tones and hum repeat one sub-fingerprint: it tells nothing.
    telling[1:] = words[1:] != words[:-1]
    return Prints(
        np.array([int(frame.phash, 16) for frame in frames], np.uint64),
        np.array([frame.time_seconds or 0.0 for frame in frames], np.float64),
        words,
        telling,
    )
