"""Which of a file's sounds to take first, and how to name it."""

from __future__ import annotations

from utils.metadata.languages import normal
from utils.models.probe import AudioStream, ContainerProbe
from utils.models.signal import SignalReport


def in_order(probe: ContainerProbe, language: str | None = None) -> tuple[AudioStream, ...]:
    """The sounds that can be decoded: what was asked for, then the file's default, then its order.

    Commentaries and descriptions come last, unless the file makes one its default.

    Args:
        probe: The file's probe.
        language: ISO 639-1; sounds that are tagged with it come first.
    """
    wanted = normal(language)
    return tuple(
        sorted(
            probe.heard,
            key=lambda sound: (
                wanted is not None and normal(sound.language) != wanted,
                not sound.is_default,
                sound.is_secondary,
            ),
        )
    )


def as_decoded(probe: ContainerProbe, signal: SignalReport) -> ContainerProbe:
    """The probe with the length that decodes, and the sound that is heard before the others."""
    first = [stream for stream in probe.audio if stream.index == signal.sound_index]
    others = [stream for stream in probe.audio if stream.index != signal.sound_index]
    length = signal.length(probe.duration_seconds)
    return probe.model_copy(update={"audio": (*first, *others), "duration_seconds": length})


def name(probe: ContainerProbe, stream_index: int) -> str:
    """Such as "sound 2 of 3 (deu, default)"; the only one is just that."""
    numbers = {stream.index: n for n, stream in enumerate(probe.audio, 1)}
    stream = probe.audio[numbers[stream_index] - 1]
    marks = [mark for mark in (stream.language, "default" if stream.is_default else None) if mark]
    if len(probe.audio) == 1:
        return "the only sound"
    marked = f" ({', '.join(marks)})" if marks else ""
    return f"sound {numbers[stream_index]} of {len(probe.audio)}{marked}"
