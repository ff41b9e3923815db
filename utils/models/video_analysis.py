"""What is seen and heard in a video."""

from __future__ import annotations

from typing import ClassVar

from utils.models.analysis import TokenUsage, Understanding
from utils.models.base import Frozen
from utils.models.rendition import Thumbnail
from utils.models.signal import Span


class Shot(Span):
    """One stretch between two cuts; None where nobody described it."""

    description: str | None = None
    shot_type: str | None = None
    camera_movement: str | None = None


class TechnicalQuality(Frozen):
    """A watcher's judgement in words; the measured facts are in the signal report."""

    focus: str | None = None
    exposure: str | None = None
    stability: str | None = None
    noise: str | None = None
    sound: str | None = None


class Sighting(Frozen):
    """Something at a moment; the moment is None where it is not known."""

    what: str
    time_seconds: float | None = None


class Speaker(Frozen):
    """A voice, by the label that it is given, and how it can be told from the others."""

    label: str
    description: str | None = None


class Clues(Frozen):
    """What there is to go by without a service: scenes, stills, and what was said."""

    scenes: tuple[Span, ...] = ()
    stills: tuple[Thumbnail, ...] = ()
    understanding: Understanding | None = None


class ChosenThumbnail(Frozen):
    """A moment that represents the video, and why."""

    time_seconds: float
    reason: str | None = None


class VideoAnalysis(Frozen):
    """What a video shows, who watched it and what that cost.

    ``shots`` are in order, without overlaps and within the video; ``thumbnails`` are ranked,
    best first. ``watched_seconds`` is how much of the beginning was watched;
    ``corrections`` says what was wrong with the watcher's times. ``cost_microusd`` is None
    for a free engine or an unknown price.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset(
        {"engine", "usage", "cost_microusd", "corrections"}
    )

    engine: str
    summary: str | None = None
    shots: tuple[Shot, ...] = ()
    technical_quality: TechnicalQuality = TechnicalQuality()
    text_and_logos: tuple[Sighting, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    sound_events: tuple[Sighting, ...] = ()
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    content_warnings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    thumbnails: tuple[ChosenThumbnail, ChosenThumbnail, ChosenThumbnail]
    watched_seconds: float
    corrections: tuple[str, ...] = ()
    usage: TokenUsage | None = None
    cost_microusd: int | None = None
