"""Steps that understand: what was said, what is to be seen, which pictures represent it.

What a paid service may cost is reserved before it is asked, and settled by its bill.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from tasks.context import RunContext
from tasks.policy import step
from utils.analysis import analyst, local_video, thumbnail_choice
from utils.db import spending
from utils.media.imaging import thumbnails
from utils.models.analysis import Analysis
from utils.models.item import MediaItem
from utils.models.options import AnalysisOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Rendition, Thumbnails
from utils.models.spending import Estimate
from utils.models.transcript import Transcript
from utils.models.video_analysis import Clues, VideoAnalysis
from utils.storage.files import item_folder


@step()
def analyze_content(
    context: RunContext,
    item: MediaItem,
    transcript: Transcript,
    options: AnalysisOptions,
    standard: str | None,
) -> Analysis:
    """Summary, topics, keywords, romanisation; by Gemini also what else a song is told by."""
    settings = context.settings
    expected = analyst.estimate(transcript, item.title, options, settings, standard)
    with _spent(context, item, "analyze_content", expected) as bill:
        found = analyst.analyze(transcript, item.title, options, settings, standard)
        bill.usage = found.usage
    return found


@step()
def ai_video_analysis(
    context: RunContext,
    item: MediaItem,
    seconds: float,
    material: Rendition | Clues,
    language: str | None,
    options: AnalysisOptions,
) -> VideoAnalysis:
    """Gemini watches a proxy; without one the clues give scenes and telling pictures."""
    if isinstance(material, Clues):
        return local_video.describe(
            material.scenes, material.stills, material.understanding, seconds
        )
    from utils.analysis.gemini import video as gemini_video  # its library takes a second to import

    settings = context.settings
    expected = gemini_video.estimate(seconds, item.title, language, options, settings)
    with _spent(context, item, "ai_video_analysis", expected) as bill:
        found = gemini_video.analyze(
            material.path, seconds, item.title, language, options, settings
        )
        bill.usage = found.usage
    return found


@step()
def ai_thumbnail_selection(
    context: RunContext,
    item: MediaItem,
    probe: ContainerProbe,
    seconds: float,
    analysis: VideoAnalysis,
) -> Thumbnails:
    """The three moments that were chosen, as pictures, best first."""
    folder = item_folder(context.settings.home, item.item_id)
    times = thumbnail_choice.times(analysis, seconds)
    return thumbnails.at_times(item.path, probe, times, folder)


def _spent(
    context: RunContext, item: MediaItem, step_name: str, expected: Estimate | None
) -> AbstractContextManager[spending.Bill]:
    return spending.spent(context.run_id, item.item_id, step_name, expected, context.settings)
