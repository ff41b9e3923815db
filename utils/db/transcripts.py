"""What is said in an item, as everybody is to see it: a person's words above a machine's."""

from __future__ import annotations

from sqlalchemy.orm import Session

from utils.db import corrections, ledger, voices
from utils.models.transcript import Transcript

STEP = "transcribe_audio"


def transcript_of(s: Session, item_id: str, is_corrected: bool = True) -> Transcript | None:
    """The speech of an item, corrected where a person did, each segment with who speaks if known.

    None where nobody listened and nobody wrote it down. ``is_corrected``: False where it is known
    that no person did.
    """
    heard = ledger.latest_result(s, item_id, STEP, Transcript)
    heard = corrected(s, item_id, heard) if is_corrected else heard
    speakers = voices.speakers_of(s, item_id)
    return speakers.labelled(heard) if heard and speakers else heard


def corrected(s: Session, item_id: str, heard: Transcript | None) -> Transcript | None:
    """A person's words where there are any, else what was heard."""
    correction = corrections.of(s, item_id)
    return correction.applied(heard) if correction else heard
