"""How long an item will take, from what the ledger knows of items of its kind.

For each step and kind the seconds of recent executions are held against the length of the media:
a constant part and a part a minute, by Siegel's line (a median of medians of slopes), which strange
executions don't move. Where the lengths known are too much alike to tell the two
parts apart, the prior's line is taken and scaled by the median of what was measured; where there
is no history, the prior alone. What lies between an item's steps (waits for a lane, Prefect's
own work) is learned as one more step, called ``between``. The sum is multiplied by what nine of ten
recent items of the kind would have needed to be through in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median, quantiles
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import timings

BETWEEN = "between"
# What a sum is multiplied by where fewer than ``_FEW`` items are known (chosen), and its bounds.
SAFETY = 1.5
_SAFETY_BOUNDS = (1.1, 3.0)
# So many of the latest executions are looked at: 700 items of 28 steps.
_RECENT = 20_000
# Of one step and kind; all pairs of them make the line.
_SAMPLES = 150
_FEW = 5
# The longest item must be so many times as long as the shortest to tell rate from constant.
_SPREAD = 3.0


class Line(NamedTuple):
    """Seconds that a step takes: some for each item, some for each minute of media."""

    constant_seconds: float
    seconds_a_minute: float = 0.0

    def at(self, minutes: float) -> float:
        """Seconds for media of this length."""
        return self.constant_seconds + self.seconds_a_minute * minutes


class Sample(NamedTuple):
    """One execution: the length of the media in minutes, and the seconds that it took."""

    minutes: float
    seconds: float


class Forecast(NamedTuple):
    """What was learned: a line for each step and kind, and by what a kind's sum is multiplied."""

    lines: Mapping[tuple[str, str], Line] = {}
    safety: Mapping[str, float] = {}


# Where there is no history. Decode and transcription were measured on 2 cores (1080p, whisper
# base); the rest is chosen, rather too slow than too fast.
_PRIOR: dict[str, Line] = {
    "fetch_media": Line(10, 10),
    "analyze_signal": Line(1, 15),
    "transcribe_audio": Line(2, 12),
    "analyze_content": Line(2, 1),
    "make_proxy": Line(1, 15),
    "ai_video_analysis": Line(20, 5),
    "fingerprint_media": Line(0.5, 2),
    "compress_video": Line(2, 60),
    "compress_audio": Line(1, 2),
    "generate_embeddings": Line(1, 1),
    "upload_thumbnails": Line(2),
    BETWEEN: Line(1, 2),
}
_PRIOR_OF_THE_REST = Line(0.5)


def learn(s: Session) -> Forecast:
    """What the ledger's history says, in one query whatever the number of items."""
    rows = timings.latest(s, _RECENT)
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    spans: dict[tuple[str, str | None], _Span] = {}
    for row in rows:
        minutes = (row.media_seconds or 0.0) / 60
        samples[row.step, row.kind].append(Sample(minutes, row.seconds))
        span = spans.setdefault((row.item_id, row.run_id), _Span(row.kind, minutes))
        span.add(row.step, row.seconds, row.started_at.timestamp(), row.ended_at.timestamp())
    whole = [span for span in spans.values() if len(span.steps) > 1]
    for span in whole:
        samples[BETWEEN, span.kind].append(Sample(span.minutes, span.rest))
    lines = {key: line(key[0], found[:_SAMPLES]) for key, found in samples.items()}
    kinds = {span.kind for span in whole}
    return Forecast(lines, {kind: _safety(kind, whole, lines) for kind in kinds})


def _safety(kind: str, spans: list[_Span], lines: Mapping[tuple[str, str], Line]) -> float:
    """By how much nine of ten items of a kind lasted longer than their lines say, at most."""
    of_kind = [span for span in spans if span.kind == kind]
    most = max(len(span.steps) for span in of_kind)
    ratios = [
        span.seconds / max(0.1, _sum(lines, kind, span.minutes, span.steps))
        for span in of_kind[:_SAMPLES]
        if len(span.steps) > most / 2  # the others recalled most of theirs
    ]
    if len(ratios) < _FEW:
        return SAFETY
    low, high = _SAFETY_BOUNDS
    return min(high, max(low, quantiles(ratios, n=10, method="inclusive")[-1]))


def _sum(
    lines: Mapping[tuple[str, str], Line], kind: str, minutes: float, steps: Iterable[str]
) -> float:
    return sum(
        lines.get((step, kind), _PRIOR.get(step, _PRIOR_OF_THE_REST)).at(minutes)
        for step in (*steps, BETWEEN)
    )


class _Span:
    """The steps of an item in one run, from the first's beginning to the last's end."""

    def __init__(self, kind: str, minutes: float) -> None:
        self.kind, self.minutes = kind, minutes
        self.steps: list[str] = []
        self.worked = 0.0
        self.first, self.last = float("inf"), float("-inf")

    def add(self, step: str, seconds: float, started: float, ended: float) -> None:
        """Count a step in."""
        self.steps.append(step)
        self.worked += seconds
        self.first, self.last = min(self.first, started), max(self.last, ended)

    @property
    def seconds(self) -> float:
        """From the first step's beginning to the last one's end."""
        return self.last - self.first

    @property
    def rest(self) -> float:
        """Seconds in which no step ran."""
        return max(0.0, self.seconds - self.worked)


def line(step: str, samples: list[Sample]) -> Line:
    """The line through samples of a step."""
    prior = _PRIOR.get(step, _PRIOR_OF_THE_REST)
    if not samples:
        return prior
    lengths = [sample.minutes for sample in samples]
    seconds = [sample.seconds for sample in samples]
    if max(lengths) == 0:  # images
        return Line(median(seconds))
    if len(samples) >= _FEW and max(lengths) >= _SPREAD * max(min(lengths), 1 / 600):
        slope = max(0.0, _slope(lengths, seconds))
        rests = [sample.seconds - slope * sample.minutes for sample in samples]
        return Line(max(0.0, median(rests)), slope)
    scale = median(sample.seconds / prior.at(sample.minutes) for sample in samples)
    return Line(prior.constant_seconds * scale, prior.seconds_a_minute * scale)


def _slope(x: list[float], y: list[float]) -> float:
    """Siegel's slope, as scipy has it, whose import takes a second and 50 MB."""
    import numpy as np

    at, values = np.array(x), np.array(y)
    medians = []
    for one, value in zip(at, values, strict=True):
        apart = at != one
        if apart.any():
            medians.append(np.median((values[apart] - value) / (at[apart] - one)))
    return float(np.median(medians))


def seconds(
    forecast: Forecast, kind: str, length_seconds: float | None, steps: Iterable[str]
) -> float:
    """Seconds in which nine of ten such items are through.

    Args:
        forecast: What was learned.
        kind: Of its media.
        length_seconds: Of its media; None for an image.
        steps: Those that it will go through and that were not done before.
    """
    minutes = (length_seconds or 0.0) / 60
    return forecast.safety.get(kind, SAFETY) * _sum(forecast.lines, kind, minutes, steps)
