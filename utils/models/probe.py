"""What the probes say of a file. None means that the tool did not say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from utils.models.base import Frozen
from utils.models.item import MediaKind

# Ends the name of a format that only a library reads (utils/media/probing/picture.py).
LIBRARY = "_picture"


class VideoStream(Frozen):
    """One picture; ``width`` and ``height`` in stored pixels, before rotation.

    ``tile_group``: the picture is put together from tiles, as phones store HEIC; then it is the
    number of ffmpeg's stream group, and the size is that of the whole.
    """

    index: int
    codec: str
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    pixel_format: str | None = None
    duration_seconds: float | None = None
    frame_count: int | None = None
    bit_rate: int | None = None
    rotation_degrees: int | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    color_matrix: str | None = None
    color_range: str | None = None
    tile_group: int | None = None

    @property
    def source(self) -> str:
        """What ffmpeg's filter graphs call it."""
        return f"0:{self.index}" if self.tile_group is None else f"0:g:{self.tile_group}"


class AudioStream(Frozen):
    """One audio track; ``language`` as the file states it (ISO 639).

    ``is_default`` is the file's own mark; ``is_secondary``: a commentary, a description for who
    does not see, music without voices.
    """

    index: int
    codec: str
    channels: int | None = None
    sample_rate: int | None = None
    duration_seconds: float | None = None
    bit_rate: int | None = None
    language: str | None = None
    is_default: bool = False
    is_secondary: bool = False


class SubtitleStream(Frozen):
    """One subtitle track inside the file."""

    index: int
    codec: str
    language: str | None = None


class ContainerProbe(Frozen):
    """Container and streams of one file, as ffprobe reports them.

    ``by_library``: a picture that a library of its own reads, and ffmpeg not, or not whole
    (utils/media/probing/picture.py).

    ``duration_is_estimated``: the file does not say how long it is (raw AAC, MP3 without a
    Xing header); ffprobe guessed from the bit rate.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"title", "by_library"})

    kind: MediaKind
    format_names: tuple[str, ...]
    duration_seconds: float | None = None
    duration_is_estimated: bool = False
    size_bytes: int
    bit_rate: int | None = None
    created_at: datetime | None = None
    title: str | None = None
    video: VideoStream | None = None
    picture: VideoStream | None = None
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapter_count: int = 0
    by_library: bool = False

    @property
    def is_for_ffmpeg(self) -> bool:
        """False of a picture of which ffprobe knew nothing."""
        return not self.format_names[0].endswith(LIBRARY)

    @property
    def heard(self) -> tuple[AudioStream, ...]:
        """The sounds that can be decoded.

        Newer phones add one that ffmpeg does not know; recorders declare some that never came.
        """
        return tuple(
            stream
            for stream in self.audio
            if stream.codec != "unknown" and stream.channels != 0 and stream.sample_rate != 0
        )

    @property
    def watchable_seconds(self) -> float | None:
        """The declared length of what is seen and heard; subtitles may outlast it."""
        parts = [s.duration_seconds for s in (self.video, *self.heard) if s]
        lengths = [length for length in parts if length]
        if len(lengths) < len(parts) or not lengths:
            return self.duration_seconds
        return min(max(lengths), self.duration_seconds or max(lengths))

    def with_size(self, width: int | None, height: int | None) -> ContainerProbe:
        """The same with the picture's size, where ffprobe's build could not read it (PNG)."""
        if self.video is None or self.video.width is not None:
            return self
        video = self.video.model_copy(update={"width": width, "height": height})
        return self.model_copy(update={"video": video})


class FfprobeReport(Frozen):
    """All that ffprobe says, from one call.

    ``raw`` is its JSON (format, streams, chapters, frames) without what depends on where the
    file lies; of the frames only the first two of each picture and the first of each sound
    are kept, key frames all. ``guesses``: texts that were read in another encoding than they are
    marked with, and in which; so in all reports.
    """

    container: ContainerProbe
    raw: dict[str, Any]
    guesses: dict[str, str] = Field(default_factory=dict)


class MediaInfoReport(Frozen):
    """Container, video and audio facts of one file, as MediaInfo reports them.

    ``tracks`` are all of its tracks with all fields, but for the file's name and times.
    """

    container: str | None = None
    duration_seconds: float | None = None
    overall_bit_rate: int | None = None
    created: str | None = None
    video_codec: str | None = None
    video_profile: str | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    frame_rate_mode: str | None = None
    bit_depth: int | None = None
    color_space: str | None = None
    chroma_subsampling: str | None = None
    hdr_format: str | None = None
    audio_codec: str | None = None
    audio_channels: int | None = None
    audio_sample_rate: int | None = None
    tracks: tuple[dict[str, Any], ...] = ()
    guesses: dict[str, str] = Field(default_factory=dict)


SidecarKind = Literal["subtitle", "xmp", "export"]


class Sidecar(Frozen):
    """A file beside an item; ``marks`` stand between the item's name and a subtitle's suffix.

    ``export`` is the JSON that photo services write beside each picture.
    """

    name: str
    kind: SidecarKind = "subtitle"
    marks: tuple[str, ...] = ()


class ExifReport(Frozen):
    """What ExifTool read.

    ``tags`` are all tags by ``Group:Name`` (family 1, as ``-G1`` names them; numbers, not
    words), without what depends on where the file lies; ``words`` those of a lens in words.
    ``created`` is naive where no tag names the zone. ``mime_type`` goes by the content, not by the
    name. ``error`` is what ExifTool says of a file that it can't read; no tags then.
    """

    make: str | None = None
    model: str | None = None
    focal_length_mm: float | None = None
    created: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    mime_type: str | None = None
    error: str | None = None
    tags: dict[str, Any] = Field(default_factory=dict)
    words: dict[str, str] = Field(default_factory=dict)
    guesses: dict[str, str] = Field(default_factory=dict)
