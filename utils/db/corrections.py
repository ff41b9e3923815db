"""A person's words for an item's speech: they stand above a machine's until they are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.session import rows
from utils.db.speech_tables import CorrectionRow
from utils.db.words import clean
from utils.models.transcript import Segment, Transcript

ENGINE = "a person"  # where no machine heard anything
_OF_ITEM = select(CorrectionRow.segments, CorrectionRow.corrected_at, CorrectionRow.source).where(
    CorrectionRow.item_id == bindparam("item_id")
)


class Correction(NamedTuple):
    """A person's segments, when they were given, and the name of the file that they came from."""

    segments: tuple[Segment, ...]
    corrected_at: datetime
    source: str

    def applied(self, heard: Transcript | None) -> Transcript:
        """The transcript with a person's words, of which no machine says how sure it is."""
        transcript = heard or Transcript(engine=ENGINE)
        return transcript.model_copy(
            update={
                "segments": self.segments,
                "confidence": None,
                "hallucination": None,
                "corrected_at": self.corrected_at,
            }
        )


def of(s: Session, item_id: str) -> Correction | None:
    """A person's words for an item, if there are any."""
    row = rows(s, _OF_ITEM, item_id=item_id).first()
    if row is None:
        return None
    segments = tuple(Segment.model_validate(segment) for segment in row.segments)
    return Correction(segments, row.corrected_at, row.source)


def corrected(s: Session, item_ids: Sequence[str]) -> set[str]:
    """Which of some items a person corrected."""
    query = select(CorrectionRow.item_id).where(CorrectionRow.item_id.in_(item_ids))
    return set(s.scalars(query))


def save(s: Session, item_id: str, segments: Sequence[Segment], source: str) -> None:
    """Put a person's words in the place of those that are there."""
    plain = [
        segment.model_dump(mode="json", exclude_defaults=True) | {"text": clean(segment.text)}
        for segment in segments
    ]
    s.merge(
        CorrectionRow(item_id=item_id, corrected_at=now(), source=clean(source), segments=plain)
    )
    s.flush()


def remove(s: Session, item_id: str) -> bool:
    """Take a person's words back; False if there were none."""
    row = s.get(CorrectionRow, item_id)
    if row is None:
        return False
    s.execute(delete(CorrectionRow).where(CorrectionRow.item_id == item_id))
    return True
