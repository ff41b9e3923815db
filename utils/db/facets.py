"""Which values the items of the library have, and how many items each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from utils.db.item_filters import scanned
from utils.db.items import IN_WORK
from utils.db.schema import Item
from utils.db.source_tables import Source
from utils.db.speech_tables import VoiceName
from utils.models.search import SearchFilters

MOST = 60  # values of one kind; chosen


class Facets(NamedTuple):
    """The values of each filter with their numbers of items, the most frequent first."""

    kind: Sequence[tuple[str, int]]
    language: Sequence[tuple[str, int]]
    verdict: Sequence[tuple[str, int]]
    approval: Sequence[tuple[str, int]]
    status: Sequence[tuple[str, int]]
    camera: Sequence[tuple[str, int]]
    speaker: Sequence[tuple[str, int]]
    source: Sequence[str]
    total: int


def of(s: Session) -> Facets:
    """The facets of the whole library: two looks at an index of all items (migration 0036)."""
    columns = (
        Item.kind, Item.language, Item.verdict, Item.approval, Item.status, Item.claimed_by,
    )  # fmt: skip
    found = s.execute(select(*columns, func.count()).group_by(*columns)).all()
    rows = [(*row[:4], IN_WORK if row.claimed_by else row.status, row[-1]) for row in found]
    kind, language, verdict, approval, status = (_counted(rows, place) for place in range(5))
    camera = func.coalesce(Item.camera_model, Item.camera_make)
    people = func.count(VoiceName.item_id.distinct())
    return Facets(
        kind=kind, language=language, verdict=verdict, approval=approval, status=status,
        camera=_listed(s, camera, func.count(), camera.is_not(None)),
        speaker=_listed(s, VoiceName.name, people),
        source=s.scalars(select(Source.name).order_by(Source.name)).all(),
        total=sum(row[-1] for row in rows),
    )  # fmt: skip


def count(s: Session, filters: SearchFilters, most: int) -> int:
    """How many items pass, counted up to ``most``."""
    some = select(Item.id).where(*scanned(filters)).limit(most).subquery()
    return s.scalar(select(func.count()).select_from(some)) or 0


def _counted(rows: Sequence[Any], place: int) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for row in rows:
        if row[place]:
            found[row[place]] = found.get(row[place], 0) + row[-1]
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:MOST]


def _listed(
    s: Session, value: Any, number: Any, *conditions: ColumnElement[bool]
) -> list[tuple[str, int]]:
    query = select(value, number).where(*conditions).group_by(value)
    return [(row[0], row[1]) for row in s.execute(query.order_by(number.desc(), value).limit(MOST))]
