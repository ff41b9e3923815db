"""What is in an item: signal, pictures, light, speech, meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from subflows.extraction import Extraction
from tasks.compression import make_proxy
from tasks.context import RunContext
from tasks.enrichment import ai_thumbnail_selection, ai_video_analysis, analyze_content
from tasks.extraction import detect_focal_length
from tasks.signal import analyze_exposure, analyze_signal, generate_thumbnails, read_text
from tasks.transcription import identify_speakers, transcribe_audio
from utils.db import ledger, source_reports, transcripts, vocabularies, voices
from utils.db.session import session
from utils.errors import DeferredError
from utils.media.imaging import thumbnails
from utils.models.analysis import Analysis
from utils.models.exposure import ExposureReport
from utils.models.frames import SeenTexts
from utils.models.item import MediaItem
from utils.models.metadata import FocalLength, Metadata
from utils.models.rendition import Thumbnails
from utils.models.signal import SignalReport
from utils.models.speakers import Speakers
from utils.models.transcript import Transcript
from utils.models.video_analysis import Clues, VideoAnalysis
from utils.rules import house_rules

Result = TypeVar("Result", bound=BaseModel)


@dataclass
class Findings:
    """What the steps of analysis found; None where a step does not apply.

    ``metadata`` is what they and the tools say together, once it is put together to be judged.
    ``deferred`` says what did not fit the ceilings of cost.
    """

    signal: SignalReport | None = None
    thumbnails: Thumbnails | None = None
    exposure: ExposureReport | None = None
    focal_length: FocalLength | None = None
    texts: SeenTexts | None = None
    transcript: Transcript | None = None
    speakers: Speakers | None = None
    analysis: Analysis | None = None
    video: VideoAnalysis | None = None
    best_pictures: Thumbnails | None = None
    metadata: Metadata | None = None
    deferred: list[DeferredError] = field(default_factory=list)

    @property
    def spoken(self) -> Transcript | None:
        """The transcript, each segment with who speaks, where that is known."""
        if self.transcript is None or self.speakers is None:
            return self.transcript
        return self.speakers.labelled(self.transcript)


def analyse(context: RunContext, facts: Extraction) -> Findings:
    """Run the steps of analysis that apply."""
    item, probe, plan = facts.item, facts.probe, facts.plan
    found = Findings()
    if plan.runs("analyze_signal"):
        found.signal = analyze_signal(context, item, probe)
    if found.signal and plan.runs("generate_thumbnails"):
        found.thumbnails = generate_thumbnails(
            context, item, probe, found.signal, context.options.thumbnail_count
        )
    if found.signal and plan.runs("analyze_exposure"):
        found.exposure = analyze_exposure(context, item, probe, found.signal)
    if found.signal and plan.runs("read_text"):
        found.texts = read_text(context, item, probe, found.signal)
    if facts.exif and facts.camera and plan.runs("detect_focal_length"):
        found.focal_length = detect_focal_length(
            context, item, facts.exif, facts.camera, facts.ffprobe
        )
    _listen(context, facts, found)
    _watch(context, facts, found)
    return found


def _listen(context: RunContext, facts: Extraction, found: Findings) -> None:
    item, probe, plan = facts.item, facts.probe, facts.plan
    heard = None
    if found.signal and plan.runs("transcribe_audio"):
        with session() as s:
            expected = vocabularies.of_item(s, item.item_id, item.path)
        hearing = context.options.hearing(expected)
        heard = transcribe_audio(
            context, item, probe, found.signal.decoded_seconds, found.signal.sounds, hearing
        )
    if found.signal and plan.runs("identify_speakers"):
        options = context.options
        identify_speakers(
            context,
            item,
            probe,
            found.signal.decoded_seconds,
            options.transcription.language,
            options.speakers.number,
        )
    _take_from_people(context, item, heard, found)
    if found.transcript and plan.runs("analyze_content"):
        try:
            how, standard = context.options.analysis.for_text(), _standard(context, item)
            found.analysis = analyze_content(context, item, found.transcript, how, standard)
        except DeferredError as error:
            found.deferred.append(error)
            found.analysis = _kept(item, "analyze_content", Analysis)


def _standard(context: RunContext, item: MediaItem) -> str | None:
    """The standard of romanisation by the house rules of the item's source."""
    rules = house_rules.load(context.settings)
    with session() as s:
        source = source_reports.name_of_item(s, item.item_id, item.path)
    return house_rules.for_source(rules, source).romanisation


def _take_from_people(
    context: RunContext, item: MediaItem, heard: Transcript | None, found: Findings
) -> None:
    """A person's words above a machine's, and voices by their names: what follows has them.

    Speakers that an earlier run found count too: the step is off by default.
    """
    with session() as s:
        found.transcript = transcripts.corrected(s, item.item_id, heard)
        if context.options.speakers.recognise:
            voices.recognise(s, item.item_id)
        found.speakers = voices.speakers_of(s, item.item_id)


def _watch(context: RunContext, facts: Extraction, found: Findings) -> None:
    item, probe, plan = facts.item, facts.probe, facts.plan
    if not (found.signal and found.thumbnails and plan.runs("ai_video_analysis")):
        return
    seconds = found.signal.decoded_seconds
    proxy = None
    if plan.runs("make_proxy"):
        most = float(context.options.analysis.max_video_seconds)
        proxy = make_proxy(context, item, probe, found.signal, most)
    material = proxy or _clues(found)
    language = found.transcript.language if found.transcript else None
    try:
        found.video = ai_video_analysis(
            context, item, seconds, material, language, context.options.analysis
        )
    except DeferredError as error:
        found.deferred.append(error)
        found.video = _kept(item, "ai_video_analysis", VideoAnalysis)
    if found.video and plan.runs("ai_thumbnail_selection"):
        found.best_pictures = ai_thumbnail_selection(context, item, probe, seconds, found.video)


def _kept(item: MediaItem, step: str, kind: type[Result]) -> Result | None:
    """What an earlier run found: better than nothing until the step can be paid for."""
    with session() as s:
        return ledger.latest_result(s, item.item_id, step, kind)


def _clues(found: Findings) -> Clues:
    """What the local analysis has to go by."""
    assert found.signal and found.thumbnails  # the caller asked
    return Clues(
        scenes=thumbnails.scenes(found.signal),
        stills=found.thumbnails.stills,
        understanding=found.analysis.understanding if found.analysis else None,
    )
