"""Full text: FTS5 on SQLite, tsvector with GIN on Postgres, one index row a passage.

Both hold the words of utils/db/words.py rather than the text, so that the same query finds
the same passages on either. They rank differently: bm25 knows how rare a word is, ts_rank not.
The tables are made by the migration; nothing else writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from utils.db.fact_tables import Passage as Row
from utils.db.session import rows as rows_of
from utils.db.words import Term, clean, terms, words
from utils.models.embedding import Passage

# The kinds of passages that have a time to jump to: what is said, and what is to be read.
_TIMED = {"speech", "text"}
_TEXTS = select(Row.id, Row.text, Row.start_seconds).where(
    Row.id.in_(bindparam("ids", expanding=True))
)
_WORDS = table("passage_words", column("rowid"), column("passage_id"), column("words"))


class Found(NamedTuple):
    """The best passage of an item that a query found, and the best of what is spoken or seen."""

    item_id: str
    text: str
    spoken: str | None
    start_seconds: float | None


def replace(s: Session, item_id: str, passages: Sequence[Passage]) -> None:
    """Make ``passages`` all that is found of an item, in the caller's transaction."""
    s.execute(delete(Row).where(Row.item_id == item_id))  # the database drops their words
    if not passages:
        return
    ids = s.scalars(
        insert(Row).returning(Row.id, sort_by_parameter_order=True),
        [
            {
                "item_id": item_id,
                "kind": passage.kind,
                "start_seconds": passage.start_seconds,
                "text": clean(passage.text),
            }
            for passage in passages
        ],
    ).all()
    add_words(s, [(row_id, words(p.text)) for row_id, p in zip(ids, passages, strict=True)])


def add_words(s: Session, found: Sequence[tuple[int, list[str]]]) -> None:
    """Make passages findable by their words."""
    served = _is_postgres(s)
    s.execute(
        text(
            "INSERT INTO passage_words (passage_id, words) VALUES (:id, CAST(:words AS tsvector))"
            if served
            else "INSERT INTO passage_words (rowid, words) VALUES (:id, :words)"
        ),
        [{"id": row_id, "words": _vector(w) if served else " ".join(w)} for row_id, w in found],
    )


def search(
    s: Session, query: str, limit: int, candidates: Select[tuple[str]] | None = None
) -> list[Found]:
    """The ``limit`` items that hold every word and phrase of ``query``, best first.

    The words may stand in different passages of an item (one in the title, one spoken); its
    place is that of its best passage. Any text is a query, none raises (utils/db/words.py).

    Args:
        s: The session.
        query: What a person typed.
        limit: Items, not passages.
        candidates: Ids of the only items that count; None for all.
    """
    wanted = terms(query)
    if not wanted:
        return []
    served = _is_postgres(s)
    phrases = {f"term_{n}": _phrase(term, served) for n, term in enumerate(wanted)}
    any_of = (" | " if served else " OR ").join(phrases.values())
    ranked = _of_any(len(wanted), served)
    if candidates is not None:
        ranked = _ranked(_best(len(wanted), served).where(Row.item_id.in_(candidates)))
    given = phrases if len(wanted) > 1 else {}
    ids = rows_of(s, ranked, any_of=any_of, limit=limit, **given).scalars().all()
    if not ids:
        return []
    shown = rows_of(s, _shown(served), any_of=any_of, ids=ids).all()
    return _found(s, ids, sorted(shown, key=lambda row: (row.cost, row.id)))


def passages(s: Session, query: str, item_ids: Sequence[str]) -> Sequence[Any]:
    """The passages of these items with any word or phrase of ``query``, the best first.

    Returns:
        Rows with ``item_id``, ``kind``, ``text`` and ``start_seconds``.
    """
    wanted = terms(query)
    if not wanted or not item_ids:
        return []
    served = _is_postgres(s)
    any_of = (" | " if served else " OR ").join(_phrase(term, served) for term in wanted)
    return rows_of(s, _passages(served), any_of=any_of, ids=list(item_ids)).all()


@cache
def _passages(served: bool) -> Select[Any]:
    cost = _cost("any_of", served)
    found = _matching("any_of", served, Row.item_id, Row.kind, Row.text, Row.start_seconds, cost)
    return found.where(Row.item_id.in_(bindparam("ids", expanding=True))).order_by(cost, Row.id)


@cache
def _of_any(number: int, served: bool) -> Select[Any]:
    """Of any item; made once, as making it takes longer than executing it."""
    return _ranked(_best(number, served))


def _best(number: int, served: bool) -> Select[Any]:
    """Passages with any of so many terms, of items that have all of them, and their ranks."""
    found = _matching("any_of", served, Row.item_id, _cost("any_of", served))
    for n in range(number if number > 1 else 0):
        found = found.where(Row.item_id.in_(_matching(f"term_{n}", served, Row.item_id)))
    return found


def _ranked(best: Select[Any]) -> Select[Any]:
    """The ids of items by their best passage."""
    ranked = best.offset(0).subquery()  # a fence: bm25 may not stand inside an aggregate
    cost = func.min(ranked.c.cost)
    return (
        select(ranked.c.item_id)
        .group_by(ranked.c.item_id)
        .order_by(cost, ranked.c.item_id)
        .limit(bindparam("limit"))
    )


@cache
def _shown(served: bool) -> Select[Any]:
    found = _matching("any_of", served, Row.item_id, Row.id, Row.kind, _cost("any_of", served))
    return found.where(Row.item_id.in_(bindparam("ids", expanding=True)))


def _found(s: Session, ids: Sequence[str], passages: Sequence[Any]) -> list[Found]:
    """Items by their best passage, and their best spoken one; ``passages`` best first."""
    best: dict[str, int] = {}
    spoken: dict[str, int] = {}
    for row in passages:
        best.setdefault(row.item_id, row.id)
        if row.kind in _TIMED:
            spoken.setdefault(row.item_id, row.id)
    wanted = {*best.values(), *spoken.values()}
    texts = {row.id: row for row in rows_of(s, _TEXTS, ids=list(wanted))}
    return [
        Found(
            item_id=item_id,
            text=texts[best[item_id]].text,
            spoken=texts[spoken[item_id]].text if item_id in spoken else None,
            start_seconds=texts[spoken[item_id]].start_seconds if item_id in spoken else None,
        )
        for item_id in ids
    ]


def _matching(name: str, served: bool, *columns: Any) -> Select[Any]:
    """Passages, joined to their words, that match an expression given under a name."""
    given = bindparam(name, type_=String())
    if served:
        key, matches = _WORDS.c.passage_id, _WORDS.c.words.op("@@")(cast(given, TSQUERY))
    else:
        key, matches = _WORDS.c.rowid, literal_column("passage_words").op("MATCH")(given)
    return select(*columns).select_from(_WORDS).join(Row, Row.id == key).where(matches)


def _cost(name: str, served: bool) -> ColumnElement[float]:
    """The rank of a passage, lower is better."""
    if served:
        given = cast(bindparam(name, type_=String()), TSQUERY)
        return (-func.ts_rank(_WORDS.c.words, given, 1)).label("cost")
    return func.bm25(literal_column("passage_words")).label("cost")


def _phrase(term: Term, served: bool) -> str:
    """A term in the database's own language; words hold no character that means anything there."""
    if served:
        return " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "")
    return f'"{" ".join(term.words)}"' + (" *" if term.prefix else "")


def _vector(found: list[str]) -> str:
    """Words as a tsvector, which no parser and no locale of the server has a say in."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(found, start=1))


def _is_postgres(s: Session) -> bool:
    return s.get_bind().dialect.name == "postgresql"
