"""The passages of items that answer a question: when it is said, shown, or written in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from utils.db import fulltext
from utils.db.item_filters import conditions
from utils.db.schema import File, Item
from utils.db.words import clean
from utils.models.search import SearchFilters

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
    titled = select(Item.id).where(_has(func.lower(func.substr(Item.title, 1, 200)), given))
    of_file = select(Item.id).join(File, File.item_id == Item.id).where(
        _has(func.lower(File.path), given)
    )  # fmt: skip
    found: list[str] = []
    for query_of in (titled, of_file):
        if len(found) < limit:
            found += s.scalars(query_of.where(*conditions(filters)).limit(limit))
    return list(dict.fromkeys(found))[:limit]


def _has(text: Any, given: str) -> ColumnElement[bool]:
    return text.contains(given, autoescape=True)  # type: ignore[no-any-return]
