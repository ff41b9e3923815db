"""Speech as text."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from utils.models.base import Frozen


class Word(Frozen):
    """One word with its times; ``probability`` 0–1."""

    text: str
    start_seconds: float
    end_seconds: float
    probability: float | None = None


class Segment(Frozen):
    """One stretch of speech, and who spoke, where that is known.

    The last three are whisper's own measures of its doubt.
    """

    start_seconds: float
    end_seconds: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    mean_log_probability: float | None = None
    compression_ratio: float | None = None
    no_speech_probability: float | None = None


class Transcript(Frozen):
    """The speech of an item.

    ``speech_seconds`` is what the voice detector heard; ``confidence`` the mean probability
    of a token, ``hallucination`` the share of the text that looks invented, both 0–1 and
    None without text. ``corrected_at``: since when the words are a person's.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"engine", "corrected_at"})

    engine: str
    language: str | None = None
    speech_seconds: float = 0.0
    segments: tuple[Segment, ...] = ()
    confidence: float | None = None
    hallucination: float | None = None
    corrected_at: datetime | None = None

    @property
    def text(self) -> str:
        """All segments, one after another."""
        return " ".join(segment.text.strip() for segment in self.segments).strip()
