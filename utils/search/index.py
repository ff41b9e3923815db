"""An item's vectors in the index: its texts, and its pictures where a model for them is set."""

from __future__ import annotations

from utils.config import Settings
from utils.models.embedding import EmbeddingReport
from utils.models.record import ItemRecord
from utils.search import embedder, image_embedder, vectors
from utils.search.passages import passages, pictures


def index(record: ItemRecord, settings: Settings) -> EmbeddingReport:
    """Make what the index holds of an item what its record says; only what is new is embedded.

    Pictures that are gone are left out: the step that made them makes them again.
    """
    model = embedder.load()
    # What is to be read in pictures is names and scraps: found by its words, not by its meaning.
    found = [passage for passage in passages(record) if passage.kind in vectors.TEXTS]
    made = vectors.replace(record.item_id, found, model, settings)
    seen = image_embedder.load(settings)
    if seen:
        there = tuple(still for still in record.thumbnails if still.path.exists())
        shown = pictures(record.model_copy(update={"thumbnails": there}))
        made += vectors.replace(record.item_id, shown, seen, settings, vectors.PICTURES)
        found += shown
    return EmbeddingReport(
        engine=model.name,
        image_engine=seen.name if seen else None,
        passage_count=len(found),
        embedded_count=made,
    )
