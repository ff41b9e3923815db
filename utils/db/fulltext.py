"""Full text: FTS5 on SQLite, tsvector with GIN on Postgres, one index row a passage.

Both hold the words of utils/text/words.py rather than the text, so that the same query finds
the same passages on either. They rank differently: bm25 knows how rare a word is, ts_rank not.
The tables are made by the migration; nothing else writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import CTE, Float, Integer, Select, bindparam, delete, func, insert, select, text
from sqlalchemy.orm import Session

from utils.db.schema import Passage as Row
from utils.models.embedding import Passage
from utils.text.words import Term, clean, terms, words

_FTS5 = (
    "SELECT rowid AS passage_id, bm25(passage_words) AS cost FROM passage_words "
    "WHERE passage_words MATCH :{name}"
)
_TSVECTOR = (
    "SELECT passage_id, -ts_rank(words, CAST(:{name} AS tsquery), 1) AS cost FROM passage_words "
    "WHERE words @@ CAST(:{name} AS tsquery)"
)


class Found(NamedTuple):
    """The best passage of an item that a query found, and the best of what is spoken in it."""

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
    served = _is_postgres(s)
    values = [_vector(words(p.text)) if served else " ".join(words(p.text)) for p in passages]
    s.execute(
        text(
            "INSERT INTO passage_words (passage_id, words) VALUES (:id, CAST(:words AS tsvector))"
            if served
            else "INSERT INTO passage_words (rowid, words) VALUES (:id, :words)"
        ),
        [{"id": row_id, "words": value} for row_id, value in zip(ids, values, strict=True)],
    )


def search(
    s: Session, query: str, limit: int, candidates: Select[tuple[str]] | None = None
) -> list[Found]:
    """The ``limit`` items that hold every word and phrase of ``query``, best first.

    The words may stand in different passages of an item (one in the title, one spoken); its
    place is that of its best passage. Any text is a query, none raises (utils/text/words.py).

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
    any_of = (" | " if served else " OR ").join(_phrase(term, served) for term in wanted)
    found = _matches("any_of", any_of, served)
    spoken = (Row.kind == "speech").label("spoken")
    ranked = (
        select(
            Row.item_id,
            Row.text,
            Row.start_seconds,
            spoken,
            func.min(found.c.cost).over(partition_by=Row.item_id).label("best"),
            func.row_number()
            .over(partition_by=(Row.item_id, spoken), order_by=(found.c.cost, Row.id))
            .label("place"),
            found.c.cost,
        )
        .join(found, found.c.passage_id == Row.id)
        .where(*(Row.item_id.in_(_holders(n, term, served)) for n, term in enumerate(wanted[1:])))
    )
    if len(wanted) > 1:
        ranked = ranked.where(Row.item_id.in_(_holders(len(wanted), wanted[0], served)))
    if candidates is not None:
        ranked = ranked.where(Row.item_id.in_(candidates))
    best = ranked.subquery()
    rows = s.execute(
        select(best)
        .where(best.c.place == 1)
        .order_by(best.c.best, best.c.item_id, best.c.cost)
        .limit(2 * limit)  # at most two an item
    )
    hits: dict[str, Found] = {}
    for row in rows:
        hit = hits.get(row.item_id) or Found(row.item_id, row.text, None, None)
        if row.spoken:
            hit = hit._replace(spoken=row.text, start_seconds=row.start_seconds)
        hits[row.item_id] = hit
    return list(hits.values())[:limit]


def _holders(number: int, term: Term, served: bool) -> Select[tuple[str]]:
    """The items of which some passage holds ``term``."""
    found = _matches(f"term_{number}", _phrase(term, served), served)
    return select(Row.item_id).join(found, found.c.passage_id == Row.id)


def _matches(name: str, expression: str, served: bool) -> CTE:
    statement = text((_TSVECTOR if served else _FTS5).format(name=name))
    return (
        statement.bindparams(bindparam(name, expression))
        .columns(passage_id=Integer, cost=Float)
        .cte(f"found_{name}")
    )


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
