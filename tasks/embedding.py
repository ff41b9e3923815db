"""The step that makes an item findable by meaning."""

from __future__ import annotations

from tasks.policy import step
from utils.clients import vectors
from utils.config import load_settings
from utils.models.embedding import EmbeddingReport
from utils.models.item import MediaItem
from utils.models.record import ItemRecord
from utils.text import embedder
from utils.text.passages import passages


@step(fingerprint=lambda item, record: embedder.name())
def generate_embeddings(item: MediaItem, record: ItemRecord) -> EmbeddingReport:
    """Summary, keywords and speech as vectors in the index; what is there is not made again."""
    found = passages(record)
    model = embedder.load()
    made = vectors.replace(item.item_id, found, model, load_settings())
    return EmbeddingReport(engine=model.name, passage_count=len(found), embedded_count=made)
