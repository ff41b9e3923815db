"""The step that makes an item findable by meaning."""

from __future__ import annotations

from tasks.policy import step
from utils.config import load_settings
from utils.index import index
from utils.models.embedding import EmbeddingReport
from utils.models.item import MediaItem
from utils.models.record import ItemRecord
from utils.text import embedder


def _engines(item: MediaItem, record: ItemRecord) -> str:
    return f"{embedder.name()} {load_settings().image_model or ''}"


def _index(item: MediaItem, record: ItemRecord) -> EmbeddingReport:
    return index(record, load_settings())


@step(fingerprint=_engines, restore=_index)
def generate_embeddings(item: MediaItem, record: ItemRecord) -> EmbeddingReport:
    """Summary, keywords, speech and pictures as vectors; what is there is not made again."""
    return _index(item, record)
