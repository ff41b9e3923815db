"""Who speaks when, and by which voice each speaker is known."""

from __future__ import annotations

import re
from typing import ClassVar

from utils.models.base import Frozen
from utils.models.transcript import Segment, Transcript

MAX_SPEAKERS = 20  # of an item. Chosen.
_UNNAMED = re.compile(r"Speaker \d+")


def is_unnamed(label: str) -> bool:
    """True for the label of a speaker whom nobody named."""
    return bool(_UNNAMED.fullmatch(label))


class Turn(Frozen):
    """One stretch in which one speaker is heard, in seconds of the item."""

    start_seconds: float
    end_seconds: float
    speaker: int


class Voice(Frozen):
    """One speaker of an item; ``number`` counts from 1 in the order in which they begin to speak.

    ``voiceprint`` is the direction of the voice: 256 numbers of length 1, empty where a person had
    it removed. ``similarity`` (a cosine) says that ``name`` was recognised by the voice; a person
    gave it where that is None.
    """

    number: int
    seconds: float
    voiceprint: tuple[float, ...] = ()
    name: str | None = None
    similarity: float | None = None

    @property
    def label(self) -> str:
        """What people are shown: a name that was recognised is no fact, and says so."""
        if self.name is None:
            return f"Speaker {self.number}"
        return self.name if self.similarity is None else f"{self.name} (recognised)"


class Speakers(Frozen):
    """All speakers of an item and their turns, one after another."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"engine"})

    engine: str
    voices: tuple[Voice, ...] = ()
    turns: tuple[Turn, ...] = ()

    def labelled(self, transcript: Transcript) -> Transcript:
        """The same text, each segment with its speaker's label; one that has a speaker keeps it.

        A segment is that speaker's who is heard longest in it; None where nobody is.
        """
        labels = {voice.number: voice.label for voice in self.voices}
        segments, first = [], 0
        for segment in transcript.segments:
            while first < len(self.turns) and (
                self.turns[first].end_seconds <= segment.start_seconds
            ):
                first += 1
            number = self._longest(segment, first)
            speaker = segment.speaker or (labels[number] if number is not None else None)
            segments.append(segment.model_copy(update={"speaker": speaker}))
        return transcript.model_copy(update={"segments": tuple(segments)})

    def _longest(self, segment: Segment, first: int) -> int | None:
        heard: dict[int, float] = {}
        for turn in self.turns[first:]:
            if turn.start_seconds >= segment.end_seconds:
                break
            start = max(turn.start_seconds, segment.start_seconds)
            shared = min(turn.end_seconds, segment.end_seconds) - start
            heard[turn.speaker] = heard.get(turn.speaker, 0.0) + max(0.0, shared)
        return max(heard, key=lambda number: heard[number]) if heard else None
