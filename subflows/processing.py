"""What is made of an item: a verdict, and a small rendition of what was not rejected."""

from __future__ import annotations

from typing import NamedTuple

from subflows.analysis import Findings
from subflows.extraction import Extraction
from tasks.compression import compress_media
from tasks.quality import judge_quality
from utils.models.options import PipelineOptions
from utils.models.rendition import Compression
from utils.models.verdict import Band, Verdict
from utils.pipeline import why_not


class Product(NamedTuple):
    """The verdict and the rendition; None where a step does not apply."""

    verdict: Verdict | None
    compression: Compression | None


def process(facts: Extraction, findings: Findings, options: PipelineOptions) -> Product:
    """Run the steps of processing that apply; what is rejected is not compressed."""
    item, probe, _ = facts
    verdict = compression = None
    if not why_not("judge_quality", probe, options):
        verdict = judge_quality(item, probe, findings.signal, findings.transcript, options.gate)
    rejected = verdict is not None and verdict.band is Band.REJECT
    if not rejected and not why_not("compress_media", probe, options):
        compression = compress_media(item, probe, findings.signal, options.compression)
    return Product(verdict, compression)
