"""Search: full text and meaning, ranked as one.

Each list ranks items by their best passage. Reciprocal rank fusion (Cormack, Clarke and
Büttcher, 2009) adds the lists up: an item's score is the sum of weight / (60 + rank).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import fulltext, ledger, library
from utils.db.fulltext import Found
from utils.db.search_hits import rows as rows_of
from utils.db.session import session
from utils.db.words import clean
from utils.models.embedding import PassageKind
from utils.models.rendition import Compression
from utils.models.search import Rank, SearchFilters, SearchHit
from utils.search import embedder, image_embedder, vectors
from utils.search.vectors import Near

FULL_TEXT = "full text"
# 27 questions in five languages on ten items: mean reciprocal rank 0.71 without the speech list,
# 0.77 with 1.0 and 0.81 with 2.0. But an item that only full text finds must not drown: with 1.0
# it gives way to those alone that are among the first eight of all other lists, with 2.0 to the
# first 32.
WEIGHTS: dict[str, float] = {
    FULL_TEXT: 2.5,
    "summary": 1.0,
    "keywords": 0.8,
    "speech": 1.0,
    "picture": 1.0,  # chosen; there is such a list only where an image model is configured
}
K = 60  # the paper's constant
_DEPTH = 50  # items that each list ranks, or five times those asked for
_SNIPPET = 240
_LONGEST_QUERY = 1_000  # characters; the embedder reads 512 tokens

_NONE = SearchFilters()


class Page(NamedTuple):
    """Some of the items that answer a query; ``total``: how many do, as far as was looked."""

    hits: list[SearchHit]
    total: int


def search(
    query: str, limit: int, settings: Settings, filters: SearchFilters = _NONE
) -> list[SearchHit]:
    """The ``limit`` items that answer ``query`` best, of those that pass ``filters``."""
    return page(query, limit, settings, filters).hits


def page(
    query: str,
    limit: int,
    settings: Settings,
    filters: SearchFilters = _NONE,
    offset: int = 0,
    weak: bool = False,
) -> Page:
    """The ``limit`` items that answer ``query`` best but for ``offset`` better ones.

    Filters come before the ranks. An item answers if full text finds it, or if a passage of it is
    near enough (utils/search/centre.py), or with ``weak`` in any case. A hit shows the passage
    that full text found, the spoken one first, else the nearest spoken one, else its summary; its
    time is that of the best spoken passage, else that of the nearest still. Without a query: the
    items that pass, newest first.
    """
    query = clean(query)[:_LONGEST_QUERY].strip()
    if not query:
        return _newest(limit, filters, offset)
    depth = max(_DEPTH, (offset + limit) * 5)
    with session() as s:
        passing = None if filters.is_empty else library.passing(filters)
        candidates = None if passing is None else frozenset(s.scalars(passing))
        if candidates is not None and not candidates:
            return Page([], 0)
        found = fulltext.search(s, query, depth, passing)
    model = embedder.load()
    near = vectors.nearest(query, depth, model, settings, candidates)
    floor = model.centre.floor if model.centre and not weak else -1.0
    answers = {hit.item_id for hit in found} | {
        hit.item_id for hits in near.values() for hit in hits if hit.similarity >= floor
    }
    if seen := image_embedder.load(settings):
        pictures = vectors.nearest(query, depth, seen, settings, candidates, vectors.PICTURES)
        near |= pictures  # how near is near is not known there: they all count
        answers |= {hit.item_id for hits in pictures.values() for hit in hits}
    lists = {FULL_TEXT: [hit.item_id for hit in found]}
    lists |= {
        kind: [hit.item_id for hit in hits if hit.item_id in answers] for kind, hits in near.items()
    }
    ranked = fuse(lists)
    with session() as s:
        rows = rows_of(s, list(ranked))  # the index may be behind the database
        there = {item_id: ranked[item_id] for item_id in ranked if item_id in rows}
        shown = dict(islice(there.items(), offset, offset + limit))
        return Page(_hits(s, shown, rows, found, near), len(there))


def by_words(query: str, limit: int, filters: SearchFilters = _NONE, offset: int = 0) -> Page:
    """The same by full text alone: a tenth of the work (utils/search/embedder.py)."""
    query = clean(query)[:_LONGEST_QUERY].strip()
    if not query:
        return _newest(limit, filters, offset)
    with session() as s:
        passing = None if filters.is_empty else library.passing(filters)
        found = fulltext.search(s, query, max(_DEPTH, offset + limit), passing)
        ranked = fuse({FULL_TEXT: [hit.item_id for hit in found]})
        shown = dict(islice(ranked.items(), offset, offset + limit))
        rows = rows_of(s, list(shown))
        return Page(_hits(s, shown, rows, found, {}), len(ranked))


def fuse(lists: Mapping[str, Sequence[str]]) -> dict[str, tuple[float, tuple[Rank, ...]]]:
    """Lists of ids as one, best first: the score of each id, and its place in each list."""
    ranks: dict[str, list[Rank]] = {}
    for name, ids in lists.items():
        for place, item_id in enumerate(ids, start=1):
            ranks.setdefault(item_id, []).append(Rank(list=name, rank=place))
    scored = {
        item_id: (sum(WEIGHTS[rank.list] / (K + rank.rank) for rank in why), tuple(why))
        for item_id, why in ranks.items()
    }
    return dict(sorted(scored.items(), key=lambda row: (-row[1][0], row[0])))


def _hits(
    s: Session,
    ranked: Mapping[str, tuple[float, tuple[Rank, ...]]],
    rows: Mapping[str, Any],
    found: Iterable[Found],
    near: Mapping[PassageKind, Iterable[Near]],
) -> list[SearchHit]:
    worded = {hit.item_id: hit for hit in found}
    nearest = {kind: {hit.item_id: hit for hit in hits} for kind, hits in near.items()}
    told = []
    for item_id, (score, why) in ranked.items():
        if item_id not in rows:
            continue
        passages = {kind: hits[item_id] for kind, hits in nearest.items() if item_id in hits}
        text, start_seconds = _shown(rows[item_id], worded.get(item_id), passages)
        told.append(_hit(s, rows[item_id], round(score, 5), text, start_seconds, why))
    return told


def _hit(
    s: Session,
    row: Any,
    score: float,
    text: str,
    start_seconds: float | None = None,
    why: tuple[Rank, ...] = (),
) -> SearchHit:
    """A hit with the smaller file that was made of its item, if one was."""
    made = ledger.unpacked(s, row.encoding, Compression) if row.encoding else None
    return SearchHit(
        item_id=row.id,
        title=row.title,
        kind=row.kind,
        path=row.path,
        score=score,
        snippet=_cut(text),
        start_seconds=start_seconds,
        why=why,
        source_url=row.source_url,
        rendition=str(made.rendition.path) if made and made.rendition else None,
    )


def _shown(
    item: Any, exact: Found | None, near: Mapping[PassageKind, Near]
) -> tuple[str, float | None]:
    """The passage that a hit shows, and the time to jump to."""
    if exact and exact.spoken:
        return exact.spoken, exact.start_seconds
    timed = near.get("speech") or near.get("picture")
    kinds: tuple[PassageKind, ...] = ("speech", "summary", "keywords")
    texts = (near[kind].text for kind in kinds if kind in near)
    text = exact.text if exact else next(texts, item.summary or item.title)
    return text, timed.start_seconds if timed else None


def _newest(limit: int, filters: SearchFilters, offset: int) -> Page:
    with session() as s:
        newest = [item.id for item in library.latest_captured(s, filters, limit, offset)]
        rows = rows_of(s, newest)
        there = [rows[item_id] for item_id in newest if item_id in rows]
        found = [_hit(s, row, 0.0, row.summary or "") for row in there]
        return Page(found, library.count(s, filters, None))


def _cut(text: str) -> str:
    return text if len(text) <= _SNIPPET else text[:_SNIPPET] + " …"
