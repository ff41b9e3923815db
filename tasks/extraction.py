"""Steps that say what a file is: three tools look at it, all further facts follow from that."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import essential_step, step
from utils.db import subtitle_files
from utils.db.session import session
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.metadata import codec, consolidation, exif, focal, hdr, tracks
from utils.models.item import MediaItem
from utils.models.metadata import (
    AudioTracks,
    CodecDetails,
    ExtendedExif,
    FocalLength,
    HdrDetails,
    Metadata,
    SubtitleTracks,
)
from utils.models.probe import ExifReport, FfprobeReport, MediaInfoReport, Sidecar
from utils.models.tool_reports import ToolReports


@essential_step()
def extract_ffprobe(context: RunContext, item: MediaItem) -> FfprobeReport:
    """Container, streams, chapters and first frames, as ffprobe reports them."""
    return ffprobe.report(item.path)


@step()
def extract_mediainfo(context: RunContext, item: MediaItem) -> MediaInfoReport:
    """All tracks, as MediaInfo reports them."""
    return mediainfo.report(item.path)


@step()
def extract_exiftool(context: RunContext, item: MediaItem) -> ExifReport:
    """All tags, as ExifTool reads them."""
    return exiftool.report(item.path)


@step()
def extract_extended_exif(context: RunContext, item: MediaItem, tags: ExifReport) -> ExtendedExif:
    """What the camera noted of itself and of the shot."""
    return exif.extended(tags)


@step()
def extract_codec(
    context: RunContext, item: MediaItem, probed: FfprobeReport, mediainfo: MediaInfoReport | None
) -> CodecDetails:
    """How the picture is coded."""
    return codec.details(probed, mediainfo)


@step()
def extract_hdr(
    context: RunContext, item: MediaItem, probed: FfprobeReport, mediainfo: MediaInfoReport | None
) -> HdrDetails:
    """Dynamic range and colour."""
    return hdr.describe(probed, mediainfo)


@step()
def extract_audio_tracks(
    context: RunContext, item: MediaItem, probed: FfprobeReport, mediainfo: MediaInfoReport | None
) -> AudioTracks:
    """All sounds with their languages."""
    return tracks.audio(probed, mediainfo)


def _sidecars(item: MediaItem, probed: FfprobeReport) -> str:
    return "\n".join(sidecar.name for sidecar in _foreign(item))


def _foreign(item: MediaItem) -> tuple[Sidecar, ...]:
    """The subtitle files beside an item that we did not write."""
    with session() as s:
        return subtitle_files.foreign_beside(s, item.path)


@step(inputs=_sidecars)
def extract_subtitle_tracks(
    context: RunContext, item: MediaItem, probed: FfprobeReport
) -> SubtitleTracks:
    """All subtitles, those beside the file as well."""
    return tracks.subtitles(probed, _foreign(item))


@step()
def detect_focal_length(
    context: RunContext,
    item: MediaItem,
    tags: ExifReport,
    camera: ExtendedExif,
    probed: FfprobeReport,
) -> FocalLength:
    """Focal length, its 35 mm equivalent and its class, with how each is known."""
    return focal.detect(tags, camera, probed.container)


@step()
def consolidate_metadata(context: RunContext, item: MediaItem, reports: ToolReports) -> Metadata:
    """Each fact from the best source that has it, and which one that was."""
    return consolidation.consolidate(reports)
