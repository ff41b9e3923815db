"""What is made of an item: look-alikes, a verdict, a small rendition, its facts in one place."""

from __future__ import annotations

from typing import NamedTuple

from subflows.analysis import Findings
from subflows.extraction import Extraction
from tasks.compression import compress_audio, compress_video
from tasks.extraction import consolidate_metadata
from tasks.likeness import find_near_duplicates, fingerprint_media
from tasks.quality import judge_quality
from utils.models.metadata import Metadata
from utils.models.options import PipelineOptions
from utils.models.rendition import Compression
from utils.models.verdict import Band, Verdict


class Product(NamedTuple):
    """The facts, the verdict and the rendition; None where a step does not apply."""

    metadata: Metadata | None
    verdict: Verdict | None
    compression: Compression | None


def process(facts: Extraction, findings: Findings, options: PipelineOptions) -> Product:
    """Run the steps of processing that apply; what is rejected is not compressed."""
    item, probe, plan, signal = facts.item, facts.probe, facts.plan, findings.signal
    metadata = verdict = compression = None
    if plan.runs("consolidate_metadata"):
        metadata = consolidate_metadata(
            item,
            facts.ffprobe,
            facts.mediainfo,
            facts.exif,
            facts.camera,
            facts.codec,
            facts.hdr,
            facts.audio_tracks,
            facts.subtitle_tracks,
            findings.focal_length,
        )
    if signal and plan.runs("fingerprint_media"):
        likeness = fingerprint_media(item, probe, signal)
        if plan.runs("find_near_duplicates"):
            find_near_duplicates(item, likeness, options.duplicates)
    if signal and plan.runs("judge_quality"):
        verdict = judge_quality(item, probe, signal, findings.transcript, options.gate)
    if verdict is not None and verdict.band is Band.REJECT:
        plan = plan.for_rejected()
    if signal and plan.runs("compress_video"):
        compression = compress_video(item, probe, signal, options.compression)
    if signal and plan.runs("compress_audio"):
        compression = compress_audio(item, probe, signal, options.compression)
    return Product(metadata, verdict, compression)
