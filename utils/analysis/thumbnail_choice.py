"""Three moments that represent a video, out of what was suggested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from utils.models.signal import Span
from utils.models.video_analysis import ChosenThumbnail, VideoAnalysis

COUNT = 3

# Chosen: a picture half a second from another is the same picture.
_APART_SECONDS = 0.5
# Chosen: so far behind the end a time is a rounding, beyond it a mistake.
_TOLERANCE_SECONDS = 1.0
# Where to look when nothing better is suggested: the middle first, never the very ends, which
# are often black.
_POSITIONS = (1 / 2, 1 / 4, 3 / 4, 1 / 6, 5 / 6, 0.1, 0.9)


class Suggestion(NamedTuple):
    """A moment that somebody suggests; its time is None if it could not be read."""

    time_seconds: float | None
    reason: str | None = None


class Selection(NamedTuple):
    """Exactly three moments, best first, and what was wrong with those suggested."""

    thumbnails: tuple[ChosenThumbnail, ChosenThumbnail, ChosenThumbnail]
    corrections: tuple[str, ...]


def times(analysis: VideoAnalysis, duration_seconds: float) -> tuple[float, ...]:
    """The three moments of an analysis, within a video of ``duration_seconds``."""
    suggested = [Suggestion(*_pair(thumbnail)) for thumbnail in analysis.thumbnails]
    chosen = choose(suggested, duration_seconds, analysis.shots)
    return tuple(thumbnail.time_seconds for thumbnail in chosen.thumbnails)


def choose(
    suggested: Sequence[Suggestion],
    duration_seconds: float,
    shots: Sequence[Span] = (),
    avoid: Sequence[float] = (),
) -> Selection:
    """The first three good suggestions, filled up with the middles of the longest shots.

    A time just behind the end becomes the last moment; one far behind it, one that could not
    be read, and one that shows what another shows are left out. What is filled in keeps away
    from the times to ``avoid`` where it can.
    """
    last = last_moment(duration_seconds)
    chosen: list[ChosenThumbnail] = []
    wrong: list[str] = []
    for number, (time, reason) in enumerate(suggested, start=1):
        name = f"thumbnail {number}"
        if time is None or time < 0:
            wrong.append(f"{name} had no readable time")
        elif time > duration_seconds + _TOLERANCE_SECONDS:
            wrong.append(f"{name} was at {time:g} s, far behind the end")
        elif _taken(min(time, last), [t.time_seconds for t in chosen], duration_seconds):
            wrong.append(f"{name} showed the same moment as another")
        elif len(chosen) < COUNT:
            if time > last:
                wrong.append(f"{name} was moved from {time:g} s to the last moment")
            chosen.append(ChosenThumbnail(time_seconds=min(time, last), reason=reason))
    if len(chosen) < COUNT:
        wrong.append(f"{COUNT - len(chosen)} of {COUNT} thumbnails were filled in")
    for bad in (avoid, ()):
        for time, reason in _defaults(duration_seconds, shots):
            others = [*(thumbnail.time_seconds for thumbnail in chosen), *bad]
            if len(chosen) < COUNT and not _taken(time, others, duration_seconds):
                chosen.append(ChosenThumbnail(time_seconds=time, reason=reason))
    while len(chosen) < COUNT:  # a video without duration has one moment only
        chosen.append(ChosenThumbnail(time_seconds=0.0))
    first, second, third = chosen
    return Selection((first, second, third), tuple(wrong))


def last_moment(duration_seconds: float) -> float:
    """A time that surely has a frame: a proxy of 5 frames a second shows one each 0.2 s."""
    return max(0.0, round(duration_seconds - min(0.2, duration_seconds / 10), 3))


def _taken(time: float, others: Sequence[float], duration_seconds: float) -> bool:
    apart = min(_APART_SECONDS, duration_seconds / 20)
    return any(abs(time - other) <= apart for other in others)


def _defaults(duration_seconds: float, shots: Sequence[Span]) -> Iterator[tuple[float, str]]:
    for shot in sorted(shots, key=lambda shot: -shot.duration_seconds)[:COUNT]:
        middle = round((shot.start_seconds + shot.end_seconds) / 2, 3)
        if middle <= last_moment(duration_seconds):
            yield middle, "the middle of one of the longest shots"
    for share in _POSITIONS:
        yield round(duration_seconds * share, 3), "a fixed position"


def _pair(thumbnail: ChosenThumbnail) -> tuple[float, str | None]:
    return thumbnail.time_seconds, thumbnail.reason
