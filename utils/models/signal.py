"""What one decode of the whole file shows."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen

# Two frames of HE-AAC at 22 kHz: 0.19 s.
PADDING_SECONDS = 0.25
_AGREEING_SHARE = 0.005


def agree(declared: float, decoded: float) -> bool:
    """Whether two lengths in seconds are the same but for padding and rounding."""
    return abs(declared - decoded) <= PADDING_SECONDS + _AGREEING_SHARE * decoded


class Span(Frozen):
    """A stretch of time within an item, in seconds from its start."""

    start_seconds: float
    end_seconds: float

    @property
    def duration_seconds(self) -> float:
        """Length of the stretch."""
        return max(0.0, self.end_seconds - self.start_seconds)


class Still(Frozen):
    """One frame as it is seen: JPEG, rotated, square pixels, standard dynamic range.

    ``time_seconds`` is None for the one still of an image.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    path: Path
    time_seconds: float | None = None
    width: int
    height: int


class SoundLevels(Frozen):
    """How loud one sound of a file is, by EBU R 128 (LUFS, LU, dBTP).

    ``is_heard``: its peak is above -70 dBFS. A sound of less than 0.4 s may be heard and have no
    loudness: that is how long the meter's window is. Of several sounds only the one that stands for
    all has its loudness measured.
    """

    stream_index: int
    is_heard: bool
    loudness_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    clipped_share: float | None = None
    silence: tuple[Span, ...] = ()


class SignalReport(Frozen):
    """Detectors and meters of one complete decode.

    ``decoded_seconds`` is what came out of the decoder, to hold against what the container
    declares: where they differ, the decode is right. ``lacks_end``: the file itself shows that its
    end is missing. Loudness follows EBU R 128 (LUFS, LU, dBTP); ``clipped_share`` is the share of
    audio samples within 0.1 dB of full scale; both and ``silence`` are those of the sound
    ``sound_index`` (the stream), the first that is heard; ``sounds`` has all. ``cuts`` are the
    times of scene changes; ``stills`` the first frames of equal parts of the whole. ``read_by``:
    what read a picture that ffmpeg did not, and what of it could not be read. ``notes``: what is
    odd and no fault.
    ``colours`` says by what the stills of a film were made where the film does not say it.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"read_by"})

    declared_seconds: float | None = None
    decoded_seconds: float
    decoded_frames: int | None = None
    decode_errors: int
    first_error: str | None = None
    notes: tuple[str, ...] = ()
    colours: str | None = None
    black: tuple[Span, ...] = ()
    frozen: tuple[Span, ...] = ()
    silence: tuple[Span, ...] = ()
    cuts: tuple[float, ...] = ()
    stills: tuple[Still, ...] = ()
    loudness_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    clipped_share: float | None = None
    read_by: str | None = None
    lacks_end: bool = False
    sound_index: int | None = None
    sounds: tuple[SoundLevels, ...] = ()

    @property
    def decoded_share(self) -> float:
        """Decoded part of the whole, at most 1.

        What a header declares proves nothing by itself: 1 unless the file shows a fault. Encoders
        pad both ends: what they padded is declared, and not decoded.
        """
        missing = (self.declared_seconds or 0.0) - self.decoded_seconds
        if not self.declared_seconds or missing <= PADDING_SECONDS or not self.lacks_end:
            return 1.0
        return self.decoded_seconds / self.declared_seconds

    def length(self, declared: float | None) -> float | None:
        """How long the item is: as declared where that agrees with the decode, else as decoded."""
        if not self.decoded_seconds:
            return declared
        agrees = declared and agree(declared, self.decoded_seconds)
        return declared if agrees else round(self.decoded_seconds, 3)

    def share_of(self, spans: tuple[Span, ...]) -> float:
        """Part of the decoded duration that these stretches cover, 0–1."""
        if self.decoded_seconds <= 0:
            return 0.0
        return min(1.0, sum(span.duration_seconds for span in spans) / self.decoded_seconds)
