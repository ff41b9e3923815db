"""What a file is: its checksum, its copies, its container and streams."""

from __future__ import annotations

from typing import NamedTuple

from tasks.ingestion import (
    check_duplicate,
    extract_ffprobe,
    extract_mediainfo,
    generate_checksum,
)
from utils.models.item import MediaItem
from utils.models.options import PipelineOptions
from utils.models.probe import ContainerProbe, MediaInfoReport
from utils.pipeline import why_not


class Extraction(NamedTuple):
    """The item, its kind corrected by the probe, and what the probes say."""

    item: MediaItem
    probe: ContainerProbe
    mediainfo: MediaInfoReport | None


def extract(item: MediaItem, options: PipelineOptions) -> Extraction:
    """Run the steps of extraction that apply."""
    generate_checksum(item)
    probe = extract_ffprobe(item)
    if not why_not("check_duplicate", probe, options):
        check_duplicate(item)
    mediainfo = None
    if not why_not("extract_mediainfo", probe, options):
        mediainfo = extract_mediainfo(item)
        probe = probe.with_size(mediainfo.width, mediainfo.height)
    return Extraction(item.model_copy(update={"kind": probe.kind}), probe, mediainfo)
