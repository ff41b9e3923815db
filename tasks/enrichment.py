"""Steps that understand: what was said, what is to be seen, which pictures stand for it.

What a paid service may cost is reserved before it is asked, and settled by its bill.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from tasks.policy import current_run, step
from utils.config import load_settings
from utils.db import spending
from utils.media import thumbnails
from utils.media.files import item_folder
from utils.models.analysis import Analysis
from utils.models.item import MediaItem
from utils.models.options import AnalysisOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Rendition, Thumbnails
from utils.models.spending import Estimate
from utils.models.transcript import Transcript
from utils.models.video_analysis import Clues, VideoAnalysis
from utils.text import analyst
from utils.video import local, selection


@step(fingerprint=lambda item, transcript, options: analyst.engine(options, load_settings()))
def analyze_content(item: MediaItem, transcript: Transcript, options: AnalysisOptions) -> Analysis:
    """Summary, topics, keywords; by Gemini also translation, vocabulary, mood, warnings."""
    settings = load_settings()
    expected = analyst.estimate(transcript, item.title, options, settings)
    with _spent(item, "analyze_content", expected) as bill:
        found = analyst.analyze(transcript, item.title, options, settings)
        bill.usage = found.usage
    return found


@step(fingerprint=lambda item, *_: analyst.engine(_[-1], load_settings()))
def ai_video_analysis(
    item: MediaItem,
    seconds: float,
    material: Rendition | Clues,
    language: str | None,
    options: AnalysisOptions,
) -> VideoAnalysis:
    """Gemini watches a proxy; without one the clues give scenes and telling pictures."""
    if isinstance(material, Clues):
        return local.describe(material.scenes, material.stills, material.understanding, seconds)
    from utils.clients import gemini_video  # its library takes a second to import

    settings = load_settings()
    expected = gemini_video.estimate(seconds, item.title, language, options, settings)
    with _spent(item, "ai_video_analysis", expected) as bill:
        found = gemini_video.analyze(
            material.path, seconds, item.title, language, options, settings
        )
        bill.usage = found.usage
    return found


@step()
def ai_thumbnail_selection(
    item: MediaItem, probe: ContainerProbe, seconds: float, analysis: VideoAnalysis
) -> Thumbnails:
    """The three moments that were chosen, as pictures, best first."""
    folder = item_folder(load_settings().home, item.item_id)
    times = selection.times(analysis, seconds)
    return thumbnails.at_times(item.path, probe, times, folder)


def _spent(
    item: MediaItem, step_name: str, expected: Estimate | None
) -> AbstractContextManager[spending.Bill]:
    run_id = current_run.get() or item.item_id
    return spending.spent(run_id, item.item_id, step_name, expected, load_settings())
