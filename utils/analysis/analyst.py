"""What a transcript is about: which engine reads it."""

from __future__ import annotations

from utils.config import Settings
from utils.models.analysis import Analysis
from utils.models.options import AnalysisOptions
from utils.models.spending import Estimate
from utils.models.transcript import Transcript


def engine(options: AnalysisOptions, settings: Settings) -> str:
    """The name of the engine that ``options`` mean on this machine; part of the step's key."""
    wanted = options.engine
    if wanted == "auto":
        wanted = "gemini" if settings.gemini_api_key else "local"
    return f"gemini {options.gemini_model}" if wanted == "gemini" else "local"


def analyze(
    transcript: Transcript,
    title: str,
    options: AnalysisOptions,
    settings: Settings,
    standard: str | None = None,
) -> Analysis:
    """Understand a transcript, by Gemini where a key is set, else locally.

    ``standard``: the house's, of romanisation; "none": nothing is romanised.
    """
    if _is_local(transcript, options, settings):
        from utils.analysis import local_text

        return local_text.analyze(transcript, standard)
    from utils.analysis.gemini import client as gemini

    return gemini.analyze(transcript, title, options.gemini_model, settings, standard)


def estimate(
    transcript: Transcript,
    title: str,
    options: AnalysisOptions,
    settings: Settings,
    standard: str | None = None,
) -> Estimate | None:
    """The most that ``analyze`` may use; None where it is free."""
    if _is_local(transcript, options, settings):
        return None
    from utils.analysis.gemini import client as gemini

    return gemini.estimate(transcript, title, options.gemini_model, settings, standard)


def _is_local(transcript: Transcript, options: AnalysisOptions, settings: Settings) -> bool:
    return engine(options, settings) == "local" or not transcript.text
