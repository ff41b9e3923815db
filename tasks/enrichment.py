"""The step that understands a transcript."""

from __future__ import annotations

from tasks.policy import step
from utils.config import load_settings
from utils.models.analysis import Analysis
from utils.models.item import MediaItem
from utils.models.options import AnalysisOptions
from utils.models.transcript import Transcript
from utils.text import analyst


@step(fingerprint=lambda item, transcript, options: analyst.engine(options, load_settings()))
def analyze_content(item: MediaItem, transcript: Transcript, options: AnalysisOptions) -> Analysis:
    """Summary, topics, keywords; by Gemini also translation, vocabulary, mood, warnings."""
    return analyst.analyze(transcript, item.title, options, load_settings())
