"""Gemini's answer about a video, made into an analysis: times read, lists tidied."""

from __future__ import annotations

from collections.abc import Iterable

from utils.analysis import shots, thumbnail_choice, timecode
from utils.analysis.thumbnail_choice import Suggestion
from utils.models.analysis import TokenUsage
from utils.models.video_analysis import (
    Shot,
    Sighting,
    Speaker,
    TechnicalQuality,
    VideoAnalysis,
)
from utils.models.video_answer import AskedShot, AskedSighting, VideoAnswer


def read(
    answer: VideoAnswer,
    duration_seconds: float,
    watched_seconds: float,
    engine: str,
    usage: TokenUsage | None = None,
    cost_microusd: int | None = None,
) -> VideoAnalysis:
    """The analysis of a video of which ``watched_seconds`` were watched."""
    found = shots.ordered(map(_shot, answer.shots), watched_seconds)
    chosen = thumbnail_choice.choose(
        [Suggestion(timecode.seconds(t.time), _text(t.reason)) for t in answer.thumbnails],
        watched_seconds,
        found.shots,
    )
    return VideoAnalysis(
        engine=engine,
        summary=_text(answer.summary),
        shots=found.shots,
        technical_quality=TechnicalQuality(
            **{name: _text(words) for name, words in answer.technical_quality}
        ),
        text_and_logos=_sightings(answer.text_and_logos, duration_seconds),
        speakers=tuple(
            Speaker(label=label, description=_text(speaker.description))
            for speaker in answer.speakers
            if (label := _text(speaker.label))
        ),
        sound_events=_sightings(answer.sound_events, duration_seconds),
        people=_texts(answer.people),
        places=_texts(answer.places),
        activities=_texts(answer.activities),
        content_warnings=_texts(answer.content_warnings),
        keywords=_texts(answer.keywords),
        thumbnails=chosen.thumbnails,
        watched_seconds=watched_seconds,
        corrections=found.corrections + chosen.corrections,
        usage=usage,
        cost_microusd=cost_microusd,
    )


def _shot(asked: AskedShot) -> Shot | None:
    start, end = timecode.seconds(asked.start), timecode.seconds(asked.end)
    if start is None or end is None:
        return None
    return Shot(
        start_seconds=start,
        end_seconds=end,
        description=_text(asked.description),
        shot_type=_text(asked.shot_type),
        camera_movement=_text(asked.camera_movement),
    )


def _sightings(asked: Iterable[AskedSighting], duration_seconds: float) -> tuple[Sighting, ...]:
    """What was seen stays even where its time is of no use; that becomes unknown."""
    found = []
    for sighting in asked:
        time = timecode.seconds(sighting.time) if sighting.time else None
        inside = time is not None and time <= duration_seconds
        if what := _text(sighting.what):
            found.append(Sighting(what=what, time_seconds=time if inside else None))
    return tuple(found)


def _text(words: str | None) -> str | None:
    return (words or "").strip() or None


def _texts(words: Iterable[str]) -> tuple[str, ...]:
    """Without blanks and repetitions, in their order."""
    return tuple(dict.fromkeys(text for word in words if (text := _text(word))))
