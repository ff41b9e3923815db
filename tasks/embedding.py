"""The step that makes an item findable by meaning."""

from __future__ import annotations

from tasks.policy import step
from utils.clients import vectors
from utils.config import load_settings
from utils.media import image_embedder
from utils.models.embedding import EmbeddingReport
from utils.models.item import MediaItem
from utils.models.record import ItemRecord
from utils.text import embedder
from utils.text.passages import passages, pictures


def _engines(item: MediaItem, record: ItemRecord) -> str:
    return f"{embedder.name()} {load_settings().image_model or ''}"


def _index(item: MediaItem, record: ItemRecord) -> EmbeddingReport:
    settings, model, found = load_settings(), embedder.load(), passages(record)
    made = vectors.replace(item.item_id, found, model, settings)
    seen = image_embedder.load(settings)
    if seen:
        shown = pictures(record)
        made += vectors.replace(item.item_id, shown, seen, settings, vectors.PICTURES)
        found += shown
    return EmbeddingReport(
        engine=model.name,
        image_engine=seen.name if seen else None,
        passage_count=len(found),
        embedded_count=made,
    )


@step(fingerprint=_engines, restore=_index)
def generate_embeddings(item: MediaItem, record: ItemRecord) -> EmbeddingReport:
    """Summary, keywords and speech as vectors in the index; what is there is not made again.

    Pictures too where a model for them is configured.
    """
    return _index(item, record)
