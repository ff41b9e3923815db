"""What the tools said of a file, and what was made of that: all that its facts are taken from."""

from __future__ import annotations

from utils.models.base import Frozen
from utils.models.metadata import (
    AudioTracks,
    CodecDetails,
    ExtendedExif,
    FocalLength,
    HdrDetails,
    SubtitleTracks,
)
from utils.models.probe import ExifReport, FfprobeReport, MediaInfoReport
from utils.models.sidecars import SidecarReport
from utils.models.signal import SignalReport


class ToolReports(Frozen):
    """Reports of tools and what was derived from them; None where a step did not run."""

    ffprobe: FfprobeReport
    mediainfo: MediaInfoReport | None = None
    exif: ExifReport | None = None
    camera: ExtendedExif | None = None
    codec: CodecDetails | None = None
    hdr: HdrDetails | None = None
    audio_tracks: AudioTracks | None = None
    subtitle_tracks: SubtitleTracks | None = None
    focal_length: FocalLength | None = None
    sidecars: SidecarReport | None = None
    signal: SignalReport | None = None
