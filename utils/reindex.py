"""The index made again from the database, after it was lost or moved."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from utils.clients import vectors
from utils.config import Settings
from utils.db import ledger
from utils.db.schema import Item
from utils.db.session import session
from utils.models.embedding import EmbeddingReport
from utils.text import embedder


def reindex(settings: Settings) -> Iterator[str]:
    """Embed and index every item's passages as the ledger has them; yields titles as it goes."""
    model = embedder.load()
    with session() as s:
        rows = s.execute(select(Item.id, Item.title).order_by(Item.added_at)).all()
    for item_id, title in rows:
        with session() as s:
            kept = ledger.latest_result(s, item_id, "generate_embeddings", EmbeddingReport)
        if kept:
            texts = [passage.text for passage in kept.passages]
            vectors.replace(item_id, kept.passages, model.passages(texts), settings)
            yield title
