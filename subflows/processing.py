"""What is made of an item: look-alikes, a small rendition."""

from __future__ import annotations

from typing import NamedTuple

from subflows.analysis import Findings
from subflows.extraction import Extraction
from subflows.quality_gate import Judgement
from tasks.compression import compress_audio, compress_video
from tasks.context import RunContext
from tasks.recordings import identify_recording
from tasks.similarity import find_near_duplicates, fingerprint_media
from utils.models.metadata import Metadata
from utils.models.rendition import Compression
from utils.models.subtitles import Captions
from utils.models.verdict import Band
from utils.subtitles import nightly
from utils.subtitles.document import Document


class Product(NamedTuple):
    """The facts in one place, and the rendition; None where a step does not apply."""

    metadata: Metadata | None
    compression: Compression | None


def process(
    context: RunContext, facts: Extraction, findings: Findings, judgement: Judgement
) -> Product:
    """Run the steps of processing that apply; what is rejected is not compressed."""
    item, probe, plan, signal = facts.item, facts.probe, facts.plan, findings.signal
    options, verdict = context.options, judgement.verdict
    compression = None
    if signal and plan.runs("fingerprint_media"):
        fingerprint = fingerprint_media(context, item, probe, signal)
        if fingerprint and plan.runs("find_near_duplicates"):
            find_near_duplicates(context, item, fingerprint, options.duplicates)
    if signal and plan.runs("identify_recording"):
        identify_recording(context, item, facts.ffprobe, facts.exif, signal)
    if verdict is not None and verdict.band is Band.REJECT:
        plan = plan.for_rejected()
    if facts.work and facts.work.is_motion:
        plan = plan.for_motion()
    if signal and plan.runs("compress_video"):
        said = _captions(facts, findings, context)
        compression = compress_video(context, item, probe, signal, options.compression, *said)
    if signal and plan.runs("compress_audio"):
        compression = compress_audio(context, item, probe, signal, options.compression)
    return Product(findings.metadata, compression)


def _captions(facts: Extraction, findings: Findings, context: RunContext) -> tuple[Captions, ...]:
    """What is said, if it is to be a track of the rendition: else no part of the step's key."""
    if findings.spoken is None or findings.signal is None:
        return ()
    item, seconds = facts.item, findings.signal.decoded_seconds
    what = Document(item.item_id, item.title, findings.spoken, seconds)
    found = nightly.captions(what, context.options.subtitles)
    return (found,) if found else ()
