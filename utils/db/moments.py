"""The passages of items that answer a question: when it is said, shown, or written in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from utils.db import fulltext
from utils.db.item_filters import conditions
from utils.db.pages import TITLE
from utils.db.schema import File, Item
from utils.db.words import clean
from utils.models.search import SearchFilters

_SPECIAL = re.compile("[%_/]")
LONGEST = 200  # characters of a name that is looked for


class Moment(NamedTuple):
    """A passage of an item; ``start_seconds`` is None of what has no time."""

    kind: str
    text: str
    start_seconds: float | None


def of_items(s: Session, query: str, item_ids: Sequence[str], most: int) -> dict[str, list[Moment]]:
    """The best passages of each of these items, in the order of their times, untimed ones first."""
    found: dict[str, list[Moment]] = {}
    for row in fulltext.passages(s, query, item_ids):
        some = found.setdefault(row.item_id, [])
        if len(some) < most:
            some.append(Moment(row.kind, row.text, row.start_seconds))
    for some in found.values():
        some.sort(key=lambda one: -1.0 if one.start_seconds is None else one.start_seconds)
    return found


def named(s: Session, query: str, filters: SearchFilters, limit: int) -> list[str]:
    """The ids of items whose title or file's name has the whole of what was typed in it."""
    given = clean(query).strip()[:LONGEST].lower()
    if not given:
        return []
    served = s.get_bind().dialect.name == "postgresql"
    # By the order of the title's index: else SQLite reads the whole table (migration 0023).
    titled = select(Item.id).where(_has(TITLE, given, served)).order_by(TITLE, Item.id)
    of_file = select(File.item_id).where(_has(File.path, given, served))
    passing = conditions(filters)
    if passing:
        of_file = of_file.join(Item, Item.id == File.item_id)
    found: list[str] = []
    for wanted in (titled, of_file):
        if len(found) < limit:
            found += s.scalars(wanted.where(*passing).limit(limit))
    return list(dict.fromkeys(found))[:limit]


def _has(text: Any, given: str, served: bool) -> ColumnElement[bool]:
    """True of a text that has this in it, in any case: so it is in SQLite anyway (of ASCII)."""
    escape = None
    if _SPECIAL.search(given):
        given, escape = _SPECIAL.sub(r"/\g<0>", given), "/"
    pattern = f"%{given}%"
    found: ColumnElement[bool] = (
        text.ilike(pattern, escape) if served else text.like(pattern, escape)
    )
    return found
