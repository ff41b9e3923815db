"""What Gemini is asked for about a video; the response schema, so its texts are read there.

Times are strings here: a model writes them as it likes (utils/analysis/timecode.py).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_TIME = "Time from the start of the video, as mm:ss.mmm or hh:mm:ss.mmm."


def _ask_for_everything(schema: dict[str, Any]) -> None:
    """Require each field: a model leaves out what it may (reading stays lenient)."""
    schema["required"] = list(schema["properties"])


class _Asked(BaseModel):
    model_config = ConfigDict(
        frozen=True, coerce_numbers_to_str=True, json_schema_extra=_ask_for_everything
    )


class AskedShot(_Asked):
    """One stretch between two cuts."""

    start: str = Field(description=_TIME)
    end: str = Field(description=_TIME)
    description: str = Field(description="One sentence: what is seen.")
    shot_type: str | None = Field(default=None, description="Such as wide, medium, close-up.")
    camera_movement: str | None = Field(default=None, description="Such as static, pan, zoom.")


class AskedQuality(_Asked):
    """A few words each; None where it can't be judged."""

    focus: str | None = None
    exposure: str | None = None
    stability: str | None = None
    noise: str | None = None
    sound: str | None = None


class AskedSighting(_Asked):
    """Something seen or heard at a moment."""

    what: str
    time: str | None = Field(default=None, description=_TIME)


class AskedSpeaker(_Asked):
    """A voice that speaks."""

    label: str = Field(description="The name if it is said or written, else Speaker 1, 2 …")
    description: str | None = None


class AskedThumbnail(_Asked):
    """A sharp, telling moment."""

    time: str = Field(description=_TIME)
    reason: str | None = Field(default=None, description="Why this frame stands for the video.")


class VideoAnswer(_Asked):
    """Everything that is asked; what can't be seen or heard stays empty."""

    summary: str = Field(description="Three sentences at most, in English.")
    shots: tuple[AskedShot, ...] = Field(default=(), description="In order, at most 120.")
    technical_quality: AskedQuality = AskedQuality()
    text_and_logos: tuple[AskedSighting, ...] = Field(
        default=(), description="Writing and logos in the picture, at most 40."
    )
    speakers: tuple[AskedSpeaker, ...] = ()
    sound_events: tuple[AskedSighting, ...] = Field(
        default=(), description="Sounds that are not speech, at most 40."
    )
    people: tuple[str, ...] = Field(default=(), description="By role or looks; a name if given.")
    places: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    content_warnings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = Field(default=(), description="Up to twelve, in English.")
    thumbnails: tuple[AskedThumbnail, ...] = Field(
        default=(), description="Exactly three different moments, the best first."
    )
