"""The speakers of an item: where there is a voice, whose it is, and how it is known again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from utils.config import Settings
from utils.media import sounds
from utils.models.probe import ContainerProbe
from utils.models.signal import Span
from utils.models.speakers import Speakers, Turn, Voice
from utils.processes import deadline
from utils.speech import channels, hearing, turns, voice, voiceprint
from utils.speech.timeline import SAMPLE_RATE, Timeline

# Stretches of voice for telling voices apart: cut at shorter pauses than those for transcription,
# and not padded, so that one holds one turn wherever people let each other finish.
_VOICE, _RELEASE = 0.5, 0.35
_MIN_PAUSE_SECONDS = 0.3
_MIN_VOICE_SECONDS = 0.25
_CLICK_SECONDS = 0.1
_ENGINE = f"{voiceprint.NAME}, silero-vad"


def heard(
    path: Path, probe: ContainerProbe, seconds: float | None, language: str | None
) -> AbstractContextManager[hearing.Speech | None]:
    """The sound that transcription listens to; None where there is no voice.

    Args:
        path: The file.
        probe: Its probe, which says what sounds there are.
        seconds: How long it decodes; None if unknown.
        language: ISO 639-1, if one is asked for.
    """
    return hearing.spoken(path, sounds.in_order(probe, language), seconds, _stretches)


def _stretches(ear: channels.Ear, timeline: Timeline) -> list[voice.Stretch]:
    return voice.bounded(_voiced(ear), ear, timeline)


def identify(sound: hearing.Speech | None, number: int | None, settings: Settings) -> Speakers:
    """Who speaks when in a sound; no weights are needed where nobody does.

    Args:
        sound: What was heard.
        number: How many speak; None to find out.
        settings: Where the weights are.
    """
    stretches = []
    if sound:
        for stretch in sound.stretches:
            deadline.check(f"Telling voices apart in {sound.path.name}")
            stretches.append(_looked_at(sound, stretch, settings))
    return _speakers(turns.tell_apart(stretches, number))


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


def _looked_at(sound: hearing.Speech, stretch: voice.Stretch, settings: Settings) -> turns.Stretch:
    start = sound.timeline.seconds(stretch.first)
    middles, prints = voiceprint.windows(sound.ear.cut(stretch.first, stretch.last), settings)
    span = Span(start_seconds=start, end_seconds=start + stretch.seconds)
    return turns.Stretch(span, middles + np.float32(start), prints)


def _voiced(ear: channels.Ear) -> Iterator[voice.Stretch]:
    """Stretches of voice, those with a short pause between them as one, without clicks."""
    held: voice.Stretch | None = None
    for stretch in _spoken(ear):
        if stretch.seconds < _CLICK_SECONDS:
            continue
        if held and (stretch.first - held.last) / SAMPLE_RATE < _MIN_PAUSE_SECONDS:
            held = held._replace(last=stretch.last)
            continue
        if held and held.seconds >= _MIN_VOICE_SECONDS:
            yield held
        held = stretch
    if held and held.seconds >= _MIN_VOICE_SECONDS:
        yield held


def _spoken(ear: channels.Ear) -> Iterator[voice.Stretch]:
    """What Silero calls a voice, from the first chunk to before the one where it is none."""
    first: int | None = None
    for number, probability in enumerate(ear.probabilities.tolist()):
        at = number * channels.CHUNK
        if first is None and probability >= _VOICE:
            first = at
        elif first is not None and probability < _RELEASE:
            yield voice.Stretch(first, at)
            first = None
    if first is not None:
        yield voice.Stretch(first, len(ear.samples))
