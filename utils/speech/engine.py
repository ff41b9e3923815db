"""What a speech engine is: what it is given, and what it makes of it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from utils.models.options import TranscriptionOptions
from utils.models.transcript import Segment


class Recognition(NamedTuple):
    """What an engine makes of one piece of sound."""

    language: str
    segments: list[Segment]


class Transcriber(Protocol):
    """A speech engine with its model loaded; safe to call from several threads."""

    name: str

    def recognize(
        self, sound: NDArray[np.float32], language: str | None, options: TranscriptionOptions
    ) -> Recognition:
        """Transcribe 16 kHz mono samples in -1…1; the language is detected when None.

        The same samples give the same text each time.
        """

    def languages_of(self, sound: NDArray[np.float32]) -> dict[str, float]:
        """The probability of each language (ISO 639-1) in the first 30 s."""

    def count_tokens(self, text: str) -> int:
        """How many tokens the model makes of a text."""
