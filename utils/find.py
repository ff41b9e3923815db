"""Search: the passages nearest to a question, one an item."""

from __future__ import annotations

from utils.clients import vectors
from utils.config import Settings
from utils.db import items
from utils.db.session import session
from utils.models.embedding import SearchHit
from utils.text import embedder

_SNIPPET = 240


def search(query: str, limit: int, settings: Settings) -> list[SearchHit]:
    """The ``limit`` items nearest to ``query``, best first.

    Each with its best score, and with the best of its *spoken* passages, so that there is a
    time to jump to; with its summary where nothing spoken came near.
    """
    if not query.strip():
        return []
    found = vectors.nearest(embedder.load().query(query), limit * 5, settings)
    hits: dict[str, SearchHit] = {}
    with session() as s:
        for item_id, score, text, start in found:
            if item_id in hits:
                if hits[item_id].start_seconds is None and start is not None:
                    spoken = {"snippet": _cut(text), "start_seconds": start}
                    hits[item_id] = hits[item_id].model_copy(update=spoken)
                continue
            path = next(iter(items.paths_of(s, item_id)), None)
            if path is None:  # the index is behind the database
                continue
            hits[item_id] = SearchHit(
                item_id=item_id,
                path=str(path),
                score=round(score, 4),
                snippet=_cut(text),
                start_seconds=start,
            )
    return list(hits.values())[:limit]


def _cut(text: str) -> str:
    return text if len(text) <= _SNIPPET else text[:_SNIPPET] + " …"
