"""What is known of an item, as the database keeps it: one row, and rows that hang on it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from utils.models.base import Frozen
from utils.models.notes import NoteKind
from utils.models.transcript import Segment


class TrackRecord(Frozen):
    """One video, audio or subtitle track; ``number`` counts from 0 within its kind.

    ``embedded`` is False for a subtitle file that lies beside the item.
    """

    kind: Literal["video", "audio", "subtitle"]
    number: int
    codec: str | None = None
    language: str | None = None
    title: str | None = None
    duration_seconds: float | None = None
    bit_rate: int | None = None
    bit_depth: int | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    channels: int | None = None
    channel_layout: str | None = None
    sample_rate: int | None = None
    embedded: bool = True


class SegmentRecord(Frozen):
    """One stretch of speech; ``language`` as its engine heard it, ``speaker`` as people see it."""

    start_seconds: float
    end_seconds: float
    text: str
    language: str | None = None
    speaker: str | None = None

    @classmethod
    def of(cls, segment: Segment) -> SegmentRecord:
        """What is kept of a transcript's segment."""
        return cls(
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            text=segment.text,
            language=segment.language,
            speaker=segment.speaker,
        )


class SeenTextRecord(Frozen):
    """A line of text that is to be seen, and from when to when; None in a still."""

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None
    confidence: float


class NoteRecord(Frozen):
    """What a person wrote of it, and where; times are those of a line of subtitles."""

    kind: NoteKind
    text: str
    source: str
    start_seconds: float | None = None
    end_seconds: float | None = None


class ShotRecord(Frozen):
    """One shot, and what is to be seen in it."""

    start_seconds: float
    end_seconds: float | None = None
    description: str | None = None


class ThumbnailRecord(Frozen):
    """One still: why it was taken, its perceptual hash in hex, and where it was published."""

    not_made: ClassVar[frozenset[str]] = frozenset({"path"})  # another step made it

    path: Path
    time_seconds: float | None = None
    reason: str | None = None
    phash: str | None = None
    url: str | None = None


class CriterionRecord(Frozen):
    """One aspect of the verdict: ``score`` 0–1 and the reason in words."""

    name: str
    score: float
    reason: str


class ItemRecord(Frozen):
    """The facts by which items are listed, filtered, found and shown.

    ``captured_at`` without a time zone is what the camera's clock showed; ``width`` and
    ``height`` are those of the picture as it is shown; latitude and longitude are signed degrees.
    ``description`` is what the feed or site says that it was fetched from.
    """

    item_id: str
    kind: str
    title: str
    duration_seconds: float | None = None
    language: str | None = None
    verdict: str | None = None
    score: float | None = None
    summary: str | None = None
    description: str | None = None
    captured_at: datetime | None = None
    captured_at_source: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    focal_length_mm: float | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    hdr_format: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    rating: int | None = None
    tracks: tuple[TrackRecord, ...] = ()
    keywords: tuple[str, ...] = ()
    segments: tuple[SegmentRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    texts: tuple[SeenTextRecord, ...] = ()
    shots: tuple[ShotRecord, ...] = ()
    thumbnails: tuple[ThumbnailRecord, ...] = ()
    criteria: tuple[CriterionRecord, ...] = ()
