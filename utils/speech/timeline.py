"""Which moment of a file each decoded sample belongs to.

Samples come one after another; a file's timestamps need not. A stream starts late, a recorder
loses its signal for six seconds, a clock jumps. ffmpeg lists the timestamp of each packet that it
writes; where one is not where the last one ended, a new run of samples begins.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

SAMPLE_RATE = 16_000
# Timestamps of some containers are rounded to milliseconds, and encoders pad the ends of parts.
_TOLERANCE_SECONDS = 0.05
# A gap beyond this is a hole if the item lasts so long, and else a clock that was set anew. It is
# also what ffmpeg takes for a discontinuity of MPEG-TS (dts_delta_threshold).
_JUMP_SECONDS = 10.0
_SLACK_SECONDS = 2.0


class Run:
    """Samples without a gap: from ``first`` on, at ``seconds`` of the file's time."""

    def __init__(self, first: int, seconds: float) -> None:
        self.first = first
        self.seconds = seconds


class Timeline:
    """The runs of a sound, in order; a sound without any starts at 0."""

    def __init__(self, runs: list[Run], length: int) -> None:
        self._runs = runs or [Run(0, 0.0)]
        self._firsts = [run.first for run in self._runs]
        self.length = length

    def seconds(self, sample: int) -> float:
        """The file's time of a sample."""
        run = self._runs[max(0, bisect_right(self._firsts, sample) - 1)]
        return max(0.0, run.seconds + (sample - run.first) / SAMPLE_RATE)

    def holes(self, least_seconds: float) -> list[int]:
        """The samples before which at least so much is missing."""
        return [
            after.first
            for before, after in pairwise(self._runs)
            if after.seconds - before.seconds - (after.first - before.first) / SAMPLE_RATE
            >= least_seconds
        ]

    def within(self, seconds: float | None) -> Timeline:
        """The same, without jumps of a clock where it outlasts an item of ``seconds``."""
        if seconds is None or self.seconds(self.length) <= seconds + _SLACK_SECONDS:
            return self
        runs: list[Run] = []
        jumped = 0.0
        for number, run in enumerate(self._runs):
            if number:
                last = self._runs[number - 1]
                gap = run.seconds - last.seconds - (run.first - last.first) / SAMPLE_RATE
                jumped += gap if gap > _JUMP_SECONDS else 0.0
            elif run.seconds > seconds:
                jumped = run.seconds
            runs.append(Run(run.first, run.seconds - jumped))
        return Timeline(runs, self.length)


class Listing:
    """Reads ffmpeg's ``framecrc`` of 8-bit samples: stream, dts, pts, duration, size, checksum."""

    def __init__(self) -> None:
        self.channels = 1
        self._runs: list[Run] = []
        self._samples = 0
        self._end = 0.0

    def hear(self, line: str) -> None:
        """Take in one line."""
        fields = line.split(",")
        if line.startswith("#") or len(fields) < 5:
            return
        start, duration, size = (int(fields[n]) for n in (2, 3, 4))
        if duration <= 0:
            return
        self.channels = max(1, round(size / duration))
        seconds = start / SAMPLE_RATE
        off = seconds - self._end
        # Time does not run backwards: what overlaps is heard after what was there before.
        if not self._runs or off > _TOLERANCE_SECONDS:
            self._runs.append(Run(self._samples, seconds))
            self._end = seconds
        self._samples += duration
        self._end += duration / SAMPLE_RATE

    def timeline(self) -> Timeline:
        """What was listed."""
        return Timeline(self._runs, self._samples)
