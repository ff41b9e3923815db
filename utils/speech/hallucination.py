"""How much of a transcript looks invented.

Whisper's own measures, with the thresholds of its paper (Radford et al. 2022, section 4.5):
compression ratio above 2.4, mean log probability below -1, no-speech probability above 0.6;
and a segment that says what the ones before it said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from utils.models.transcript import Segment
from utils.speech.engine import Recognition

MAX_COMPRESSION_RATIO = 2.4
MIN_MEAN_LOG_PROBABILITY = -1.0
MAX_NO_SPEECH = 0.6


def doubt(segment: Segment, before: Sequence[Segment] = ()) -> float:
    """How doubtful one segment is, 0–1: the worst of its signs."""
    signs = [0.0]
    if (segment.compression_ratio or 0) > MAX_COMPRESSION_RATIO:
        signs.append(1.0)
    if segment.mean_log_probability is not None:
        unsure = segment.mean_log_probability < MIN_MEAN_LOG_PROBABILITY
        signs.append(0.7 if unsure else 0.0)
        if unsure and (segment.no_speech_probability or 0) > MAX_NO_SPEECH:
            signs.append(1.0)
    text = segment.text.strip().casefold()
    repeated = sum(1 for other in before if other.text.strip().casefold() == text)
    if text and repeated >= 2:
        signs.append(0.9)
    return max(signs)


def is_odd(segment: Segment) -> bool:
    """Whether whisper itself would decode a segment again, at a higher temperature."""
    return (segment.compression_ratio or 0) > MAX_COMPRESSION_RATIO or (
        segment.mean_log_probability is not None
        and segment.mean_log_probability < MIN_MEAN_LOG_PROBABILITY
    )


def score(segments: Sequence[Segment]) -> float | None:
    """Share of the text that looks invented, 0–1, weighted by length; None without text."""
    lengths = [len(segment.text.strip()) for segment in segments]
    if not sum(lengths):
        return None
    doubts = [doubt(segment, segments[max(0, n - 3) : n]) for n, segment in enumerate(segments)]
    return round(
        sum(d * length for d, length in zip(doubts, lengths, strict=True)) / sum(lengths), 4
    )


def likelier(first: Recognition, second: Recognition) -> Recognition:
    """The one of two texts of the same sound that looks less invented, and surer if both do."""

    def doubtful(found: Recognition) -> tuple[float, float]:
        return score(found.segments) or 0.0, -(confidence(found.segments) or 0.0)

    return second if doubtful(second) < doubtful(first) else first


def confidence(segments: Sequence[Segment]) -> float | None:
    """Mean probability of a token, 0–1, weighted by length; None where no engine told."""
    known = [
        (len(s.text.strip()), s.mean_log_probability)
        for s in segments
        if s.mean_log_probability is not None and s.text.strip()
    ]
    total = sum(length for length, _ in known)
    if not total:
        return None
    return round(math.exp(sum(length * logp for length, logp in known) / total), 4)
