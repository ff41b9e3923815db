"""A critic: which model it is, what it may cost, and what it says of an item."""

from __future__ import annotations

from utils.config import Settings
from utils.models.approval import Critique, Subject
from utils.models.house_rules import HouseRules
from utils.models.options import CriticOptions
from utils.models.spending import Estimate


def engine(options: CriticOptions, settings: Settings) -> str:
    """The name of the critic that ``options`` mean on this machine; empty: there is none."""
    wanted = options.engine
    if wanted == "auto":
        served, keyed = settings.critic.base_url, settings.gemini_api_key
        wanted = "openai" if served else "gemini" if keyed else "none"
    if wanted == "none":
        return ""
    if wanted == "openai":
        return f"openai {options.model or settings.critic.model or 'default'}"
    return f"gemini {options.model or settings.pipeline.analysis.gemini_model}"


def estimate(
    subject: Subject, rules: HouseRules, options: CriticOptions, settings: Settings
) -> Estimate | None:
    """The most that ``critique`` may use; None where it is free."""
    raise NotImplementedError


def critique(
    item_id: str, subject: Subject, rules: HouseRules, options: CriticOptions, settings: Settings
) -> Critique:
    """Ask the critic twice, and a third time where the two disagree."""
    raise NotImplementedError
