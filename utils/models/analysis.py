"""What an item is about."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from utils.models.base import Frozen


class VocabularyEntry(Frozen):
    """A word worth knowing."""

    word: str
    definition: str
    romanisation: str | None = None


class AskedUnderstanding(BaseModel):
    """What an analyst is asked for; also the response schema that Gemini gets.

    What the fields mean in a language is said by ``utils/analysis/prompts``. ``language`` is ISO
    639-1; ``translation`` is English and None when the text already is; ``romanisation`` is None
    for texts in Latin script, and has a line for each segment that was heard, as far as its author
    kept to that; ``romanisation_standard`` is what its author says to have followed.
    """

    model_config = ConfigDict(frozen=True)

    language: str | None = None
    summary: str = Field(description="Three sentences at most, in the language of the text.")
    topics: tuple[str, ...] = Field(default=(), description="Up to eight short topics.")
    keywords: tuple[str, ...] = Field(default=(), description="Up to twelve words of the text.")
    translation: str | None = Field(default=None, description="English translation.")
    romanisation: str | None = Field(default=None, description="Standard romanisation.")
    romanisation_standard: str | None = Field(default=None, description="Which standard that is.")
    vocabulary: tuple[VocabularyEntry, ...] = ()
    mood: str | None = None
    era: str | None = Field(default=None, description="When it was made, as far as it shows.")
    cultural_context: str | None = Field(default=None, description="What a stranger must know.")
    content_warnings: tuple[str, ...] = ()


class Understanding(AskedUnderstanding):
    """What is known of a text. ``romanised_by``: the model, or "anyascii, by rules"."""

    romanised_by: str | None = None


class TokenUsage(Frozen):
    """Tokens that a call was billed for.

    ``response_tokens`` holds the model's thoughts too, which are billed alike;
    ``audio_tokens`` is the part of the prompt that was sound, None where it was not said.
    """

    prompt_tokens: int = 0
    response_tokens: int = 0
    audio_tokens: int | None = None


class Analysis(Frozen):
    """An understanding, who made it and what it cost (None: free, or its price is unknown)."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"usage", "cost_microusd", "engine"})

    engine: str
    understanding: Understanding
    usage: TokenUsage | None = None
    cost_microusd: int | None = None
