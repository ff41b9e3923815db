"""Facts derived from what the probes said. None means unknown: never 0, never a guess."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.models.notes import Note


class DataStream(Frozen):
    """A stream that is neither picture, sound nor subtitle: timecode, motion, a font."""

    index: int
    kind: str
    codec: str | None = None
    tag: str | None = None
    handler: str | None = None


class CodecDetails(Frozen):
    """The picture's coding.

    ``gop_size`` counts frames from key frame to key frame; ``rotation_degrees`` is how far to
    turn the stored picture clockwise for display; ``frame_rate_mode`` is CFR or VFR;
    ``sample_aspect_ratio`` is the width of a stored pixel by its height.
    """

    codec: str | None = None
    profile: str | None = None
    level: str | None = None
    pixel_format: str | None = None
    chroma_subsampling: str | None = None
    bit_depth: int | None = None
    bit_rate: int | None = None
    bit_rate_mode: str | None = None
    scan_type: str | None = None
    field_order: str | None = None
    gop_size: int | None = None
    reference_frames: int | None = None
    cabac: bool | None = None
    frame_rate: float | None = None
    frame_rate_mode: str | None = None
    sample_aspect_ratio: float | None = None
    display_aspect_ratio: float | None = None
    rotation_degrees: int | None = None
    timecode: str | None = None
    encoder: str | None = None
    attached_pictures: int = 0
    data_streams: tuple[DataStream, ...] = ()


class HdrFormat(StrEnum):
    """How the picture's brightness is coded."""

    SDR = "SDR"
    HDR10 = "HDR10"
    HDR10_PLUS = "HDR10+"
    HLG = "HLG"
    DOLBY_VISION = "Dolby Vision"


class MasteringDisplay(Frozen):
    """The screen that the picture was graded on: CIE 1931 xy, and cd/m² (SMPTE ST 2086)."""

    red: tuple[float, float] | None = None
    green: tuple[float, float] | None = None
    blue: tuple[float, float] | None = None
    white_point: tuple[float, float] | None = None
    primaries: str | None = None
    min_luminance_nits: float | None = None
    max_luminance_nits: float | None = None


class DolbyVision(Frozen):
    """Dolby Vision's configuration; ``base`` is what a player without it shows."""

    profile: int | None = None
    level: int | None = None
    compatibility_id: int | None = None
    base: HdrFormat | None = None
    has_enhancement_layer: bool | None = None


class HdrDetails(Frozen):
    """Dynamic range and colour.

    ``basis`` says what the format was told by; names of primaries, transfer, matrix and range
    are ffmpeg's. ``has_hdr10_plus`` is also true where Dolby Vision carries HDR10+ beside it.
    """

    format: HdrFormat | None = None
    basis: str | None = None
    dolby_vision: DolbyVision | None = None
    has_hdr10_plus: bool = False
    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None
    mastering: MasteringDisplay | None = None
    max_cll_nits: int | None = None
    max_fall_nits: int | None = None


class AudioTrack(Frozen):
    """One sound; ``language`` is ISO 639-1 where that has a code, else 639-3."""

    index: int
    codec: str
    profile: str | None = None
    channels: int | None = None
    layout: str | None = None
    sample_rate: int | None = None
    bit_depth: int | None = None
    bit_rate: int | None = None
    language: str | None = None
    title: str | None = None
    duration_seconds: float | None = None
    is_default: bool = False
    is_commentary: bool = False
    is_for_visually_impaired: bool = False


class AudioTracks(Frozen):
    """All sounds of a file, in its order."""

    tracks: tuple[AudioTrack, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages named, each once."""
        return tuple(dict.fromkeys(t.language for t in self.tracks if t.language))


class SubtitleTrack(Frozen):
    """One set of subtitles: a stream of the file, or (``file_name``) a file beside it."""

    format: str
    codec: str | None = None
    language: str | None = None
    title: str | None = None
    index: int | None = None
    file_name: str | None = None
    is_embedded: bool
    is_default: bool = False
    is_forced: bool = False
    is_for_hearing_impaired: bool = False


class SubtitleTracks(Frozen):
    """All subtitles of an item, embedded ones first."""

    tracks: tuple[SubtitleTrack, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages named, each once."""
        return tuple(dict.fromkeys(t.language for t in self.tracks if t.language))


class CaptureTime(Frozen):
    """When it was taken: aware if the zone is known, else the camera's local time.

    ``source`` is the tag or field that says so.
    """

    at: datetime
    is_zone_known: bool
    source: str


class Place(Frozen):
    """Where it was taken, in signed degrees (WGS 84) and metres above the sea."""

    latitude: float
    longitude: float
    altitude_metres: float | None = None
    source: str


class ExtendedExif(Frozen):
    """What the camera noted of itself and of the shot."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None
    lens: str | None = None
    iso: int | None = None
    shutter_seconds: float | None = None
    f_number: float | None = None
    exposure_mode: str | None = None
    white_balance: str | None = None
    altitude_metres: float | None = None
    location_name: str | None = None
    orientation_degrees: int | None = None


class FocalClass(StrEnum):
    """Classes of the 35 mm equivalent: 8–18, 18–35, 35–70, 70–200, 200–800 mm."""

    ULTRA_WIDE = "ultra-wide"
    WIDE = "wide"
    MEDIUM = "medium"
    LONG = "long"
    TELE = "tele"


class FocalSource(StrEnum):
    """How a focal length is known."""

    EXIF = "exif"
    COMPUTED = "computed"
    ESTIMATED = "estimated"


class FocalLength(Frozen):
    """Focal length and its 35 mm equivalent, each with how it is known.

    ``source`` is the weaker of what the class rests on; ``how`` names tags and formula.
    """

    focal_length_mm: float | None = None
    focal_length_35mm: float | None = None
    focal_class: FocalClass | None = None
    source: FocalSource | None = None
    how: str | None = None


class Metadata(Frozen):
    """One item's facts, each from the best source that had it.

    ``sources`` has an entry for each field that is known. ``width`` and ``height`` are as
    stored; the display's are after pixel aspect and rotation. ``captured_at`` is naive local
    time where ``captured_at_zone_known`` is false. ``rating`` is 1 to 5, or -1 for rejected.
    ``guessed`` says in words what is no more than likely: the encoding of a title.
    """

    kind: MediaKind
    container: str | None = None
    duration_seconds: float | None = None
    size_bytes: int | None = None
    bit_rate: int | None = None
    video_codec: str | None = None
    width: int | None = None
    height: int | None = None
    display_width: int | None = None
    display_height: int | None = None
    frame_rate: float | None = None
    frame_rate_mode: str | None = None
    bit_depth: int | None = None
    color_space: str | None = None
    hdr_format: str | None = None
    audio_codec: str | None = None
    channels: int | None = None
    sample_rate: int | None = None
    audio_languages: tuple[str, ...] = ()
    subtitle_languages: tuple[str, ...] = ()
    captured_at: datetime | None = None
    captured_at_zone_known: bool = False
    captured_at_source: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    focal_length_mm: float | None = None
    focal_length_35mm: float | None = None
    focal_class: FocalClass | None = None
    focal_source: FocalSource | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_metres: float | None = None
    location_name: str | None = None
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    rating: int | None = None
    notes: tuple[Note, ...] = ()
    timecode: str | None = None
    chapter_count: int = 0
    sources: dict[str, str] = Field(default_factory=dict)
    guessed: tuple[str, ...] = ()
