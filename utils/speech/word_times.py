"""Times of words, moved to where the sound says that a word begins and ends.

Whisper's come from its attention, in steps of 20 ms, and lie 0.1 s early: a boundary falls into
the end of the word before, and a pause belongs to the word after it. Each is moved to the quietest
moment near by, the sooner the better, and silence is cut off (`python -m benchmarks words`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from utils.models.transcript import Segment, Word
from utils.speech.timeline import SAMPLE_RATE

_HOP_SECONDS = 0.01
_HOP = int(SAMPLE_RATE * _HOP_SECONDS)
# Chosen with espeak-ng's English; German, which it was not chosen with, became better alike.
_BEFORE_SECONDS, _AFTER_SECONDS, _EXPECTED_SECONDS = 0.03, 0.2, 0.05
_DB_PER_SECOND = 60.0  # how much quieter it must be so far away
_QUIET_DB = 35.0  # below the loud parts of the segment: silence
_SHORTEST_SECONDS = 0.04
_JOINED_SECONDS = 0.05  # words closer than this share a boundary

Sound = NDArray[np.float32]


def refined(segments: Sequence[Segment], sound: Sound) -> list[Segment]:
    """The segments with their words' times, and so their own, held against the sound.

    Args:
        segments: Times in seconds of ``sound``; those without words stay as they are.
        sound: 16 kHz, mono, -1…1.
    """
    levels = _levels(sound)
    return [_refined(segment, levels) if segment.words else segment for segment in segments]


def _levels(sound: Sound) -> Sound:
    """The level of each hop in dB."""
    whole = sound[: len(sound) // _HOP * _HOP].reshape(-1, _HOP)
    power: Sound = 10 * np.log10(np.mean(np.square(whole), axis=1) + 1e-10)
    return power


def _refined(segment: Segment, levels: Sound) -> Segment:
    times = [[word.start_seconds, word.end_seconds] for word in segment.words]
    around = levels[_at(times[0][0]) : _at(times[-1][1]) + 1]
    if not len(around):
        return segment
    quiet = float(np.percentile(around, 95)) - _QUIET_DB
    for number, (start, end) in enumerate(times):
        last = number + 1 == len(times)
        following, most = (None, end + _AFTER_SECONDS) if last else times[number + 1]
        is_shared = following is not None and following - end < _JOINED_SECONDS
        until = most - _SHORTEST_SECONDS if is_shared or following is None else following
        moved = _quietest(end, start + _SHORTEST_SECONDS, until, levels, quiet)
        times[number][1] = moved
        if is_shared:
            times[number + 1][0] = moved
    words = tuple(
        _without_silence(word, (start, end), levels, quiet)
        for word, (start, end) in zip(segment.words, times, strict=True)
    )
    own = {"start_seconds": words[0].start_seconds, "end_seconds": words[-1].end_seconds}
    return segment.model_copy(update={"words": words, **own})


def _quietest(end: float, lowest: float, highest: float, levels: Sound, quiet: float) -> float:
    """The boundary in place of ``end``, within ``lowest`` and ``highest``."""
    begin = max(_at(end - _BEFORE_SECONDS), _at(lowest))
    until = min(_at(end + _AFTER_SECONDS), _at(highest), len(levels) - 1)
    if until <= begin:
        return end
    hops = np.arange(begin, until + 1)
    away = np.abs(hops * _HOP_SECONDS - (end + _EXPECTED_SECONDS))
    cost = np.maximum(levels[hops], quiet) + _DB_PER_SECOND * away
    return float(hops[np.argmin(cost)] * _HOP_SECONDS)


def _without_silence(word: Word, times: tuple[float, float], levels: Sound, quiet: float) -> Word:
    start, end = times
    loud = np.flatnonzero(levels[_at(start) : _at(end)] >= quiet)
    if len(loud):
        begin = _at(start) * _HOP_SECONDS
        until = min(end, begin + (loud[-1] + 1) * _HOP_SECONDS)
        start = min(max(start, begin + loud[0] * _HOP_SECONDS), until - _SHORTEST_SECONDS)
        end = until
    kept = {"start_seconds": round(max(0.0, start), 3), "end_seconds": round(end, 3)}
    return word.model_copy(update=kept)


def _at(seconds: float) -> int:
    return max(0, round(seconds / _HOP_SECONDS))
