"""The sound of a file that somebody speaks in, and where in it: for all who listen to speech."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from utils.models.probe import AudioStream
from utils.speech import audio, channels
from utils.speech.timeline import Timeline
from utils.speech.voice import Stretch

Find = Callable[[channels.Ear, Timeline], list[Stretch]]


class Speech(NamedTuple):
    """A sound that somebody speaks in, and the stretches of voice in it."""

    path: Path
    stream: AudioStream
    ear: channels.Ear
    timeline: Timeline
    stretches: list[Stretch]


@contextmanager
def spoken(
    path: Path, streams: Iterable[AudioStream], seconds: float | None, find: Find
) -> Iterator[Speech | None]:
    """The first of some sounds in which a voice is found; None where none is.

    Args:
        path: The file.
        streams: Its sounds, in the order in which they are listened to.
        seconds: How long it decodes; None if unknown.
        find: Says where somebody speaks.
    """
    for stream in streams:
        with audio.sound(path, stream, seconds) as sound:
            ear = channels.listen(sound.samples)
            if stretches := find(ear, sound.timeline):
                yield Speech(path, stream, ear, sound.timeline, stretches)
                return
    yield None
