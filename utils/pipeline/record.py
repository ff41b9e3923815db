"""One record of an item, put together from what its steps found."""

from __future__ import annotations

from collections.abc import Iterator

from utils.models.analysis import Analysis
from utils.models.item import MediaItem, MediaKind
from utils.models.metadata import AudioTracks, Metadata, SubtitleTracks
from utils.models.notes import Note
from utils.models.probe import ContainerProbe
from utils.models.record import (
    CriterionRecord,
    ItemRecord,
    NoteRecord,
    SeenTextRecord,
    SegmentRecord,
    ShotRecord,
    ThumbnailRecord,
    TrackRecord,
)
from utils.models.rendition import Thumbnails
from utils.models.sidecars import SidecarReport
from utils.models.signal import SignalReport
from utils.models.step_results import StepResults
from utils.models.video_analysis import VideoAnalysis
from utils.similarity import phash


def of(item: MediaItem, known: StepResults) -> ItemRecord:
    """Everything by which an item is listed, filtered, found and shown.

    What a step that did not run would have said is None or empty.
    """
    probe, transcript, analysis = known.probe, known.transcript, known.analysis
    video, verdict = known.video, known.verdict
    facts = known.metadata or Metadata(kind=probe.kind)
    understanding = analysis.understanding if analysis else None
    # What a feed says of its episode stands before what the file says of its making.
    published = item.listing if item.listing and item.listing.published_at else None
    return ItemRecord(
        item_id=item.item_id,
        kind=probe.kind.value,
        title=item.title,
        duration_seconds=_length(probe, known.signal),
        language=(understanding and understanding.language) or (transcript and transcript.language),
        verdict=verdict.band.value if verdict else None,
        score=verdict.score if verdict else None,
        summary=(understanding and understanding.summary) or (video and video.summary) or None,
        description=item.listing.description if item.listing else None,
        captured_at=published.published_at if published else facts.captured_at,
        captured_at_source=f"published, says {published.source}"
        if published
        else facts.captured_at_source,
        camera_make=facts.camera_make,
        camera_model=facts.camera_model,
        lens=facts.lens,
        focal_length_mm=facts.focal_length_mm,
        width=facts.display_width,
        height=facts.display_height,
        frame_rate=facts.frame_rate,
        video_codec=facts.video_codec,
        audio_codec=facts.audio_codec,
        hdr_format=facts.hdr_format,
        latitude=facts.latitude,
        longitude=facts.longitude,
        rating=facts.rating,
        tracks=tuple(_tracks(probe, known.audio_tracks, known.subtitle_tracks)),
        keywords=_keywords(facts, analysis, video),
        segments=tuple(SegmentRecord.of(s) for s in (transcript.segments if transcript else ())),
        notes=tuple(NoteRecord(**note.model_dump()) for note in _notes(facts, known.sidecars)),
        texts=tuple(
            SeenTextRecord(**text.model_dump())
            for text in (known.texts.texts if known.texts else ())
        ),
        shots=tuple(
            ShotRecord(
                start_seconds=shot.start_seconds,
                end_seconds=shot.end_seconds,
                description=shot.description,
            )
            for shot in (video.shots if video else ())
        ),
        thumbnails=tuple(_pictures(known.pictures, video)),
        criteria=tuple(
            CriterionRecord(name=c.name, score=c.score, reason=c.reason)
            for c in (verdict.criteria if verdict else ())
        ),
    )


def _length(probe: ContainerProbe, signal: SignalReport) -> float | None:
    if probe.kind is MediaKind.IMAGE:
        return None
    return signal.length(probe.duration_seconds) or None


def _tracks(
    probe: ContainerProbe, sounds: AudioTracks | None, subtitles: SubtitleTracks | None
) -> Iterator[TrackRecord]:
    if probe.video:
        picture = probe.video
        yield TrackRecord(
            kind="video",
            number=0,
            codec=picture.codec,
            width=picture.width,
            height=picture.height,
            frame_rate=picture.frame_rate,
            bit_rate=picture.bit_rate,
            duration_seconds=picture.duration_seconds,
        )
    for number, sound in enumerate(sounds.tracks if sounds else ()):
        yield TrackRecord(
            kind="audio",
            number=number,
            codec=sound.codec,
            language=sound.language,
            title=sound.title,
            duration_seconds=sound.duration_seconds,
            bit_rate=sound.bit_rate,
            bit_depth=sound.bit_depth,
            channels=sound.channels,
            channel_layout=sound.layout,
            sample_rate=sound.sample_rate,
        )
    for number, text in enumerate(subtitles.tracks if subtitles else ()):
        yield TrackRecord(
            kind="subtitle",
            number=number,
            codec=text.codec or text.format,
            language=text.language,
            title=text.title,
            embedded=text.is_embedded,
        )


def _keywords(
    facts: Metadata, analysis: Analysis | None, video: VideoAnalysis | None
) -> tuple[str, ...]:
    """Words for what was said, what was seen, how it is called, who made it, where; each once."""
    said = analysis.understanding if analysis else None
    words = (
        *(said.keywords if said else ()),
        *(said.topics if said else ()),
        *((*video.keywords, *video.activities, *video.places) if video else ()),
        *facts.keywords,
        *facts.people,
        *(word for word in (facts.title, facts.artist, facts.album, facts.location_name) if word),
    )
    return tuple(dict.fromkeys(words))


def _notes(facts: Metadata, beside: SidecarReport | None) -> Iterator[Note]:
    """What people wrote, inside the item and beside it, and the lines of its subtitles."""
    yield from facts.notes
    for file in beside.files if beside else ():
        yield from (note for note in file.notes if note.kind == "subtitle")


def _pictures(
    pictures: Thumbnails | None, video: VideoAnalysis | None
) -> Iterator[ThumbnailRecord]:
    """The pictures, with the reason of those that an analysis chose."""
    reasons = {moment.time_seconds: moment.reason for moment in (video.thumbnails if video else ())}
    for picture in pictures.images if pictures else ():
        yield ThumbnailRecord(
            path=picture.path,
            time_seconds=picture.time_seconds,
            reason=reasons.get(picture.time_seconds) if picture.time_seconds is not None else None,
            phash=phash.of(picture.path),
        )
