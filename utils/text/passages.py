"""An item's text in pieces that can be found: its summary, and its speech in chunks."""

from __future__ import annotations

from utils.models.analysis import Analysis
from utils.models.embedding import Passage
from utils.models.transcript import Segment, Transcript

_CHUNK_CHARACTERS = 400  # about 100 tokens: a few sentences, far below the model's 512


def passages(item_id: str, title: str, transcript: Transcript, analysis: Analysis) -> list[Passage]:
    """The passages of an item, with the ids that they have in the index."""
    understanding = analysis.understanding
    head = " · ".join(filter(None, (title, understanding.summary, *understanding.keywords)))
    found = [Passage(passage_id=f"{item_id}:summary", kind="summary", text=head)]
    for number, chunk in enumerate(chunks(transcript)):
        found.append(
            Passage(
                passage_id=f"{item_id}:{number:05}",
                kind="speech",
                text=" ".join(segment.text.strip() for segment in chunk),
                start_seconds=chunk[0].start_seconds,
            )
        )
    return found


def chunks(transcript: Transcript) -> list[list[Segment]]:
    """Neighbouring segments, joined up to ``_CHUNK_CHARACTERS``."""
    joined: list[list[Segment]] = []
    length = 0
    for segment in transcript.segments:
        if not joined or length + len(segment.text) > _CHUNK_CHARACTERS:
            joined.append([])
            length = 0
        joined[-1].append(segment)
        length += len(segment.text)
    return joined
