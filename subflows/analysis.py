"""What is in an item: signal, speech, meaning, stills."""

from __future__ import annotations

from typing import NamedTuple

from subflows.extraction import Extraction
from tasks.enrichment import analyze_content
from tasks.signal import analyze_signal, generate_thumbnails
from tasks.transcription import transcribe_audio
from utils.models.analysis import Analysis
from utils.models.options import PipelineOptions
from utils.models.rendition import Thumbnails
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.pipeline import why_not


class Findings(NamedTuple):
    """What the steps of analysis found; None where a step does not apply."""

    signal: SignalReport
    transcript: Transcript | None
    analysis: Analysis | None
    thumbnails: Thumbnails | None


def analyse(facts: Extraction, options: PipelineOptions) -> Findings:
    """Run the steps of analysis that apply."""
    item, probe, _ = facts
    signal = analyze_signal(item, probe)
    transcript = analysis = thumbnails = None
    if not why_not("transcribe_audio", probe, options):
        transcript = transcribe_audio(item, probe.audio[0].index, options.transcription)
    if transcript and not why_not("analyze_content", probe, options):
        analysis = analyze_content(item, transcript, options.analysis)
    if not why_not("generate_thumbnails", probe, options):
        thumbnails = generate_thumbnails(item, probe, options.thumbnail_count)
    return Findings(signal, transcript, analysis, thumbnails)
