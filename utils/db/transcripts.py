"""What was said in an item, as people are to read it: the one place that knows."""

from __future__ import annotations

from sqlalchemy.orm import Session

from utils.db import ledger
from utils.models.transcript import Transcript


def transcript_of(s: Session, item_id: str) -> Transcript | None:
    """The transcript of an item; None if nothing was transcribed."""
    return ledger.latest_result(s, item_id, "transcribe_audio", Transcript)
