"""The step that makes an item findable by meaning."""

from __future__ import annotations

from tasks.context import RunContext
from tasks.policy import step
from utils.models.embedding import EmbeddingReport
from utils.models.item import MediaItem
from utils.models.record import ItemRecord
from utils.search.index import index


def _index(context: RunContext, item: MediaItem, record: ItemRecord) -> EmbeddingReport:
    return index(record, context.settings)


@step(restore=_index)
def generate_embeddings(
    context: RunContext, item: MediaItem, record: ItemRecord
) -> EmbeddingReport:
    """Summary, keywords, speech and pictures as vectors; what is there is not made again."""
    return _index(context, item, record)
