"""The indexes made again from the database, after they were lost, moved, or not there yet."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import fulltext, ledger, library
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
