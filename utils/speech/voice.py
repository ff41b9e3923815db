"""Where somebody speaks, by Silero VAD, and that speech in pieces that an engine can take.

Whisper writes text for music and silence too ("Music Music", "Thank you for watching"); what is no
voice never reaches it. The speech is cut out, put end to end, transcribed, and its times are mapped
back to the file's, as faster-whisper does.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from utils.models.signal import Span
from utils.speech.channels import CHUNK, Ear
from utils.speech.timeline import SAMPLE_RATE, Timeline

THRESHOLD = 0.5
_RELEASE = 0.35  # below it a voice has ended (Silero: threshold - 0.15)
_MIN_SPEECH_SECONDS = 0.1  # "two" and "ja" are words; a click is one chunk of 32 ms
_MIN_SILENCE_SECONDS = 0.3  # between utterances
_PAD_SECONDS = 0.4
# What stays in one piece: pauses below the first; holes of the file never.
_PAUSE_SECONDS = 2.0
_CUT_OUT = round((_PAUSE_SECONDS - 2 * _PAD_SECONDS) * SAMPLE_RATE)  # of such a pause, in samples
_HOLE_SECONDS = 0.5
# Whisper looks at 30 s at once: from two thirds of that on, a pause ends a piece, since a
# segment that spans what was cut out has no true time.
_FULL_SECONDS = 20.0
_MAX_PIECE_SECONDS = 600.0
MAX_UTTERANCE_SECONDS = 30.0
# A sentence is brought nearer to its voice by at most so much; a last consonant is no voice.
_TRIM_SECONDS = 1.0
_TAIL = SAMPLE_RATE // 10


class Stretch(NamedTuple):
    """Samples from ``first`` to before ``last``, and the language spoken there."""

    first: int
    last: int
    language: str | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.last - self.first) / SAMPLE_RATE


def utterances(ear: Ear, timeline: Timeline) -> list[Stretch]:
    """What is spoken between two pauses or holes, each at most ``MAX_UTTERANCE_SECONDS``."""
    total = len(ear.samples) / SAMPLE_RATE
    spans = join(ear.probabilities.tolist(), CHUNK / SAMPLE_RATE, total)
    found = [Stretch(round(s.start_seconds * SAMPLE_RATE), round(s.end_seconds * SAMPLE_RATE))
             for s in spans]  # fmt: skip
    # A hole within the padding leaves a part in which nobody speaks.
    return [
        s
        for s in bounded(found, ear, timeline)
        if ear.probabilities[s.first // CHUNK : -(-s.last // CHUNK)].max(initial=0) >= THRESHOLD
    ]


def bounded(stretches: Iterable[Stretch], ear: Ear, timeline: Timeline) -> list[Stretch]:
    """The same, cut at the file's holes and, where too long, at the likeliest pause."""
    holes = timeline.holes(_HOLE_SECONDS)
    cut: list[Stretch] = []
    for stretch in stretches:
        inside = [hole for hole in holes if stretch.first < hole < stretch.last]
        edges = [stretch.first, *inside, stretch.last]
        for first, last in itertools.pairwise(edges):
            cut += _shortened(first, last, ear.probabilities)
    return cut


def _shortened(first: int, last: int, voices: NDArray[np.float32]) -> Iterator[Stretch]:
    longest = int(MAX_UTTERANCE_SECONDS * SAMPLE_RATE)
    while last - first > longest:
        # In the second half of what may be: where the voice is least sure.
        begin, end = (first + longest // 2) // CHUNK, (first + longest) // CHUNK
        middle = (begin + int(np.argmin(voices[begin:end]))) * CHUNK + CHUNK // 2
        yield Stretch(first, middle)
        first = middle
    yield Stretch(first, last)


def join(probabilities: Iterable[float], chunk_seconds: float, total: float) -> tuple[Span, ...]:
    """Turn one probability a chunk into stretches of voice, those near to each other joined.

    Args:
        probabilities: Of a voice, 0–1, for each chunk in turn.
        chunk_seconds: How long a chunk lasts.
        total: Length of the sound in seconds; no stretch goes past it.
    """
    found: list[list[float]] = []
    start: float | None = None
    now = 0.0
    for number, probability in enumerate(probabilities):
        now = number * chunk_seconds
        if start is None and probability >= THRESHOLD:
            start = now
        elif start is not None and probability < _RELEASE:
            found.append([start, now])
            start = None
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
    return tuple(_padded(joined, total))


def _padded(spans: Sequence[Sequence[float]], total: float) -> Iterator[Span]:
    """With ``_PAD_SECONDS`` at both ends, or a quarter of the pause where that is less."""
    for number, (begin, end) in enumerate(spans):
        before = spans[number - 1][1] if number else -math.inf
        after = spans[number + 1][0] if number + 1 < len(spans) else math.inf
        yield Span(
            start_seconds=max(0.0, begin - min(_PAD_SECONDS, (begin - before) / 4)),
            end_seconds=min(total, end + min(_PAD_SECONDS, (after - end) / 4)),
        )


class Piece:
    """Speech of one language, cut out and put end to end, with the way back to the file's time."""

    def __init__(self, ear: Ear, timeline: Timeline, parts: Sequence[Stretch]) -> None:
        self.language = parts[0].language
        self._parts = parts
        self._timeline = timeline
        self._voices = ear.probabilities
        lengths = [part.last - part.first for part in parts]
        self._cuts = [0, *np.cumsum(lengths).tolist()]
        self.audio: NDArray[np.float32] = np.concatenate([ear.cut(p.first, p.last) for p in parts])

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.audio) / SAMPLE_RATE

    def original(self, start: float, end: float) -> tuple[float, float]:
        """The file's times of a stretch of this piece, all in seconds.

        A stretch that reaches over a cut by less than the padding belongs to the side where most
        of it lies: the other is what was silent there.
        """
        (begin, first), (finish, last) = self._places(start, end)
        return self._time(begin, first), self._time(finish, last)

    def spoken(self, start: float, end: float) -> tuple[float, float]:
        """The same of a whole sentence, without the silence before and after it.

        Whisper starts the first sentence where the piece starts, in the padding.
        """
        (begin, first), (finish, last) = self._places(start, end)
        voiced = np.flatnonzero(self._voices[first // CHUNK : -(-last // CHUNK)] >= THRESHOLD)
        if voiced.size:
            most = int(_TRIM_SECONDS * SAMPLE_RATE)
            onset = (first // CHUNK + int(voiced[0])) * CHUNK
            release = (first // CHUNK + int(voiced[-1]) + 1) * CHUNK
            first = max(first, min(onset, first + most))
            last = min(last, max(release + _TAIL, last - most))
        return self._time(begin, first), self._time(finish, last)

    def _places(self, start: float, end: float) -> tuple[tuple[int, int], tuple[int, int]]:
        """The parts in which a stretch begins and ends, and the samples of the sound there."""
        first, last = sorted(round(max(0.0, time) * SAMPLE_RATE) for time in (start, end))
        begin, finish = self._part(first), self._part(max(first, last - 1))
        reach = _PAD_SECONDS * SAMPLE_RATE
        if begin < finish and self._cuts[begin + 1] - first < reach:
            begin += 1
            first = self._cuts[begin]
        if begin < finish and last - self._cuts[finish] < reach:
            last = self._cuts[finish]
            finish -= 1
        return (begin, self._sample(begin, first)), (finish, self._sample(finish, last))

    def _part(self, sample: int) -> int:
        return min(len(self._parts) - 1, bisect_right(self._cuts, sample) - 1)

    def _sample(self, part: int, sample: int) -> int:
        at = self._parts[part]
        return min(at.last, at.first + sample - int(self._cuts[part]))

    def _time(self, part: int, sample: int) -> float:
        # Of the last sample the time after it, although the next one may come hours later.
        before = max(self._parts[part].first, sample - 1)
        return round(self._timeline.seconds(before) + (sample - before) / SAMPLE_RATE, 3)


def pieces(ear: Ear, timeline: Timeline, spoken: Sequence[Stretch]) -> Iterator[Piece]:
    """The speech in pieces of one language and at most ten minutes, so that memory stays bounded.

    A hole of the file ends a piece, and so does a pause once there is enough for an engine.
    """
    holes = set(timeline.holes(_HOLE_SECONDS))
    parts: list[Stretch] = []
    for next_one in spoken:
        if parts and _ends(parts, next_one, holes):
            yield Piece(ear, timeline, parts)
            parts = []
        if parts and next_one.first - parts[-1].last < _CUT_OUT:
            parts[-1] = parts[-1]._replace(last=next_one.last)  # the short pause stays
        else:
            parts.append(next_one)
    if parts:
        yield Piece(ear, timeline, parts)


def _ends(parts: Sequence[Stretch], next_one: Stretch, holes: set[int]) -> bool:
    if next_one.language != parts[-1].language:
        return True
    if any(parts[-1].last <= hole <= next_one.first for hole in holes):
        return True
    length = sum(part.seconds for part in parts)
    paused = next_one.first - parts[-1].last >= _CUT_OUT
    return (paused and length >= _FULL_SECONDS) or length + next_one.seconds > _MAX_PIECE_SECONDS
