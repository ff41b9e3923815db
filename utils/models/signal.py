"""What one decode of the whole file shows."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen


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


class SignalReport(Frozen):
    """Detectors and meters of one complete decode.

    ``decoded_seconds`` is what came out of the decoder, to hold against what the container
    declares. Loudness follows EBU R 128 (LUFS, LU, dBTP); ``clipped_share`` is the share of
    audio samples within 0.1 dB of full scale. ``cuts`` are the times of scene changes;
    ``stills`` the first frames of equal parts of the whole. ``notes``: what is odd and no fault.
    ``colours`` says by what the stills of a film were made where the film does not say it.
    """

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

    @property
    def decoded_share(self) -> float:
        """Decoded part of the declared duration, at most 1; 1 where none is declared."""
        if not self.declared_seconds:
            return 1.0
        return min(1.0, self.decoded_seconds / self.declared_seconds)

    def share_of(self, spans: tuple[Span, ...]) -> float:
        """Part of the decoded duration that these stretches cover, 0–1."""
        if self.decoded_seconds <= 0:
            return 0.0
        return min(1.0, sum(span.duration_seconds for span in spans) / self.decoded_seconds)
