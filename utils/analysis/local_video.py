"""A video's scenes, telling stills and keywords, without a service.

Nothing is described: what no machine here can know stays empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import ImageStat

from utils.analysis import shots, thumbnail_choice
from utils.analysis.thumbnail_choice import Suggestion
from utils.media.imaging import image
from utils.models.analysis import Understanding
from utils.models.rendition import Thumbnail
from utils.models.signal import Span
from utils.models.video_analysis import Shot, VideoAnalysis

ENGINE = "local (scenes, sharpness, exposure)"

# Chosen: a picture darker, brighter or flatter than this shows nothing (8-bit luma).
_BLACK, _WHITE, _FLAT = 20.0, 240.0, 6.0
_MIDDLE = 118.0  # the luma of a medium grey, 18 % reflectance in sRGB


class _Still(NamedTuple):
    """A still with what speaks for it."""

    time_seconds: float
    scene: int | None
    scene_seconds: float
    sharpness: float | None
    luma: float


def describe(
    scenes: Sequence[Span],
    stills: Sequence[Thumbnail],
    understanding: Understanding | None,
    duration_seconds: float,
) -> VideoAnalysis:
    """The scenes as shots, three stills of different long scenes, the keywords of the speech.

    Raises:
        RetryableError: a still has vanished.
    """
    found = shots.ordered(
        (Shot(start_seconds=s.start_seconds, end_seconds=s.end_seconds) for s in scenes),
        duration_seconds,
    )
    ranked = _ranked(stills, found.shots, duration_seconds)
    shown = {still.time_seconds for still in ranked}
    blank = [s.time_seconds for s in stills if s.time_seconds not in {None, *shown}]
    chosen = thumbnail_choice.choose(
        [_suggestion(still) for still in ranked[: thumbnail_choice.COUNT]],
        duration_seconds,
        found.shots,
        avoid=[time for time in blank if time is not None],
    )
    return VideoAnalysis(
        engine=ENGINE,
        shots=found.shots,
        keywords=understanding.keywords if understanding else (),
        content_warnings=understanding.content_warnings if understanding else (),
        thumbnails=chosen.thumbnails,
        watched_seconds=duration_seconds,
        corrections=found.corrections + chosen.corrections,
    )


def _ranked(
    stills: Sequence[Thumbnail], scenes: Sequence[Shot], duration_seconds: float
) -> list[_Still]:
    """The best still of each scene, then the rest; both with the most worth first.

    Worth = sharpness against the sharpest × nearness to a medium grey × √(share of its scene).
    """
    judged = [judged for still in stills if (judged := _judged(still, scenes))]
    sharpest = max((still.sharpness or 0.0 for still in judged), default=0.0)

    def worth(still: _Still) -> float:
        sharp = 1.0 if not sharpest else (still.sharpness or 0.0) / sharpest
        lit = 1.0 - abs(still.luma - _MIDDLE) / 255.0
        share = still.scene_seconds / duration_seconds if duration_seconds > 0 else 0.0
        return sharp * lit * math.sqrt(share or 1.0)

    by_worth = sorted(judged, key=worth, reverse=True)
    seen: set[int | None] = set()
    first = [still for still in by_worth if _is_new(still.scene, seen)]
    return first + [still for still in by_worth if still not in first]


def _is_new(scene: int | None, seen: set[int | None]) -> bool:
    new = scene is None or scene not in seen
    seen.add(scene)
    return new


def _judged(still: Thumbnail, scenes: Sequence[Shot]) -> _Still | None:
    """A still that shows something, and the scene it is from; None for any other."""
    if still.time_seconds is None:
        return None
    with image.opened(still.path) as picture:
        grey = ImageStat.Stat(picture.convert("L"))
    luma, spread = grey.mean[0], grey.stddev[0]
    if not _BLACK <= luma <= _WHITE or spread < _FLAT:
        return None
    time = still.time_seconds
    inside = [n for n, s in enumerate(scenes) if s.start_seconds <= time < s.end_seconds]
    number = inside[0] if inside else None
    length = scenes[number].duration_seconds if number is not None else 0.0
    return _Still(time, number, length, still.sharpness, luma)


def _suggestion(still: _Still) -> Suggestion:
    said = [f"mean grey {still.luma:.0f} of 255"]
    if still.sharpness is not None:
        said.insert(0, f"sharpness {still.sharpness:.3g}")
    if still.scene is not None:
        said.append(f"scene {still.scene + 1} of {still.scene_seconds:.1f} s")
    return Suggestion(still.time_seconds, ", ".join(said))
