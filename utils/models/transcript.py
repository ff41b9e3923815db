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
    """One stretch of speech, in seconds of the item's own timestamps.

    ``language``: what was heard in this stretch (ISO 639-1). ``speaker``: who spoke, where that
    is known. The last three are whisper's own measures of its doubt.
    """

    start_seconds: float
    end_seconds: float
    text: str
    language: str | None = None
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    mean_log_probability: float | None = None
    compression_ratio: float | None = None
    no_speech_probability: float | None = None


class Transcript(Frozen):
    """The speech of an item.

    ``language`` is the one that most is spoken in; ``stream_index`` the stream that was listened
    to, ``heard_in`` says in words which track and which of its channels.
    ``speech_seconds`` is what the voice detector heard; ``confidence`` the mean probability
    of a token, ``hallucination`` the share of the text that looks invented, both 0–1 and
    None without text. ``is_translated``: the text is English, whatever the ``language`` that was
    heard; ``left_out``: what of the vocabulary whisper had no room for. ``corrected_at``: since
    when the words are a person's.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset(
        {"engine", "heard_in", "stream_index", "corrected_at"}
    )

    engine: str
    language: str | None = None
    stream_index: int | None = None
    heard_in: str | None = None
    speech_seconds: float = 0.0
    segments: tuple[Segment, ...] = ()
    confidence: float | None = None
    hallucination: float | None = None
    is_translated: bool = False
    left_out: str | None = None
    corrected_at: datetime | None = None

    @property
    def text_language(self) -> str | None:
        """The language of the text: English of a translation, else what was heard."""
        return "en" if self.is_translated else self.language

    @property
    def languages(self) -> tuple[str, ...]:
        """All languages that are spoken, in their order."""
        return tuple(dict.fromkeys(s.language for s in self.segments if s.language))

    @property
    def text(self) -> str:
        """All segments, one after another."""
        return " ".join(segment.text.strip() for segment in self.segments).strip()
