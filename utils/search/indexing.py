"""The indexes made again from the database, after they were lost, moved, or not there yet."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import fulltext, ledger, library, transcripts
from utils.db.session import session
from utils.models.analysis import Analysis
from utils.models.record import ItemRecord, SegmentRecord
from utils.models.transcript import Transcript
from utils.search.index import index
from utils.search.passages import passages


def reindex(settings: Settings) -> Iterator[str]:
    """Index every item that was processed, words and vectors; yields titles as it goes.

    Only passages that the index lacks are embedded.
    """
    with session() as s:
        ids = library.processed(s)
    for item_id in ids:
        with session() as s:
            record = _with_text(s, library.load(s, item_id))
            fulltext.replace(s, item_id, passages(record))
        index(record, settings)
        yield record.title


def renew(item_id: str, settings: Settings) -> None:
    """Make what is kept and found of an item's speech what people said of it since.

    What was made of its words (summary, keywords) is due with the next run, and no other step.
    Nothing is done for an item that was never processed: its first run does it.
    """
    record = renew_words(item_id)
    if record is not None:
        index(record, settings)


def renew_words(item_id: str) -> ItemRecord | None:
    """The first half of that, which takes no model: by its words the item is found as it is now.

    Returns what is to be put into the index of vectors; None of an item never processed.
    """
    with session() as s:
        if not library.make_due(s, item_id):
            return None
        spoken = transcripts.transcript_of(s, item_id)
        segments = tuple(SegmentRecord.of(x) for x in (spoken.segments if spoken else ()))
        record = library.load(s, item_id).model_copy(update={"segments": segments})
        library.save(s, record, passages(record))
    return record


def _with_text(s: Session, record: ItemRecord) -> ItemRecord:
    """The record; with the ledger's transcript and keywords where its rows were never written."""
    if record.segments or record.keywords:
        return record
    transcript = ledger.latest_result(s, record.item_id, "transcribe_audio", Transcript)
    analysis = ledger.latest_result(s, record.item_id, "analyze_content", Analysis)
    if transcript is None and analysis is None:
        return record
    told = record.model_copy(
        update={
            "segments": tuple(
                SegmentRecord.of(x) for x in (transcript.segments if transcript else ())
            ),
            "keywords": analysis.understanding.keywords if analysis else (),
        }
    )
    library.save(s, told, passages(told))
    return told
