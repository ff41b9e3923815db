"""What a file is: its checksum, its copies, and what three tools say of it."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.context import RunContext
from tasks.extraction import (
    extract_audio_tracks,
    extract_codec,
    extract_exiftool,
    extract_extended_exif,
    extract_ffprobe,
    extract_hdr,
    extract_mediainfo,
    extract_subtitle_tracks,
    read_sidecars,
)
from tasks.ingestion import check_duplicate, generate_checksum
from tasks.works import find_work
from utils.models.item import MediaItem, MediaKind
from utils.models.metadata import (
    AudioTracks,
    CodecDetails,
    ExtendedExif,
    HdrDetails,
    SubtitleTracks,
)
from utils.models.probe import ContainerProbe, ExifReport, FfprobeReport, MediaInfoReport
from utils.models.sidecars import SidecarReport
from utils.models.work import WorkClues
from utils.pipeline import planning
from utils.pipeline.planning import Plan


@dataclass(frozen=True)
class Extraction:
    """The item, its kind corrected by the probe, what is to be done, and what the tools say.

    None where a step does not apply.
    """

    item: MediaItem
    plan: Plan
    probe: ContainerProbe
    ffprobe: FfprobeReport
    mediainfo: MediaInfoReport | None
    exif: ExifReport | None
    work: WorkClues | None
    camera: ExtendedExif | None
    codec: CodecDetails | None
    hdr: HdrDetails | None
    audio_tracks: AudioTracks | None
    subtitle_tracks: SubtitleTracks | None
    sidecars: SidecarReport | None


def extract(context: RunContext, item: MediaItem) -> Extraction:
    """Run the steps of extraction that apply."""
    generate_checksum(context, item)
    probed = extract_ffprobe(context, item)
    probe = probed.container
    item = item.model_copy(update={"kind": probe.kind})
    plan = planning.plan(probe, context.options, context.settings)
    if plan.runs("check_duplicate"):
        check_duplicate(context, item)
    mediainfo = extract_mediainfo(context, item) if plan.runs("extract_mediainfo") else None
    if mediainfo:
        probe = probe.with_size(mediainfo.width, mediainfo.height)
    exif = extract_exiftool(context, item) if plan.runs("extract_exiftool") else None
    return Extraction(
        item=item,
        plan=plan,
        probe=probe,
        ffprobe=probed,
        mediainfo=mediainfo,
        exif=exif,
        work=find_work(context, item, probed, exif) if exif and plan.runs("find_work") else None,
        camera=extract_extended_exif(context, item, exif)
        if exif and plan.runs("extract_extended_exif")
        else None,
        codec=extract_codec(context, item, probed, mediainfo)
        if plan.runs("extract_codec")
        else None,
        hdr=extract_hdr(context, item, probed, mediainfo) if plan.runs("extract_hdr") else None,
        audio_tracks=extract_audio_tracks(context, item, probed, mediainfo)
        if plan.runs("extract_audio_tracks")
        else None,
        subtitle_tracks=extract_subtitle_tracks(context, item, probed)
        if plan.runs("extract_subtitle_tracks")
        else None,
        sidecars=read_sidecars(context, item, probe.kind is not MediaKind.IMAGE)
        if plan.runs("read_sidecars")
        else None,
    )
