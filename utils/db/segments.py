"""An item's speech line by line, as its rows have it: a part of it, or the lines with a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from utils.db.fact_tables import Segment
from utils.db.ledger import latest_done_id
from utils.db.schema import Execution
from utils.db.session import rows
from utils.db.speech_tables import CorrectionRow

_LINES = (
    Segment.number, Segment.start_seconds, Segment.end_seconds, Segment.text, Segment.language,
    Segment.speaker,
)  # fmt: skip
_OF_ITEM = Segment.item_id == bindparam("item_id")
_PART = (
    select(*_LINES)
    .where(_OF_ITEM, Segment.number >= bindparam("first"))
    .order_by(Segment.number)
    .limit(bindparam("most"))
)
_ALL = select(Segment.number, Segment.text).where(_OF_ITEM).order_by(Segment.number)
_COUNT = select(func.count()).select_from(Segment).where(_OF_ITEM)
_BEFORE = select(func.max(Segment.number)).where(
    _OF_ITEM, Segment.start_seconds <= bindparam("seconds")
)


class Said(NamedTuple):
    """What is known of all lines together: in which language they are, and by whom."""

    engine: str | None
    language: str | None
    is_translated: bool
    corrected_at: Any = None
    corrected_by: str | None = None


def part(s: Session, item_id: str, first: int, most: int) -> Sequence[Row[Any]]:
    """Up to ``most`` lines from number ``first`` on, in their order."""
    return rows(s, _PART, item_id=item_id, first=first, most=most).all()


def count(s: Session, item_id: str) -> int:
    """How many lines there are."""
    return int(rows(s, _COUNT, item_id=item_id).scalar() or 0)


def at(s: Session, item_id: str, seconds: float) -> int:
    """The number of the line that is heard at a time, or was last."""
    return int(rows(s, _BEFORE, item_id=item_id, seconds=seconds).scalar() or 0)


def containing(s: Session, item_id: str, wanted: str, most: int) -> list[Row[Any]]:
    """The first ``most`` lines in which some words stand, in any case."""
    wanted = wanted.casefold()
    numbers = [
        row.number
        for row in rows(s, _ALL, item_id=item_id)
        if wanted in row.text.casefold()
    ][:most]  # fmt: skip
    query = select(*_LINES).where(Segment.item_id == item_id, Segment.number.in_(numbers))
    return list(s.execute(query.order_by(Segment.number)).all())


def said(s: Session, item_id: str, step: str) -> Said:
    """What is known of all lines, without reading them."""
    row_id = latest_done_id(s, item_id, step)
    heard = (
        s.execute(
            select(
                Execution.result["engine"].as_string().label("engine"),
                Execution.result["language"].as_string().label("language"),
                Execution.result["is_translated"].as_boolean().label("is_translated"),
            ).where(Execution.id == row_id)
        ).first()
        if row_id
        else None
    )
    by_hand = s.execute(
        select(CorrectionRow.corrected_at, CorrectionRow.source).where(
            CorrectionRow.item_id == item_id
        )
    ).first()
    return Said(
        engine=heard.engine if heard else None,
        language=heard.language if heard else None,
        is_translated=bool(heard and heard.is_translated),
        corrected_at=by_hand.corrected_at if by_hand else None,
        corrected_by=by_hand.source if by_hand else None,
    )
