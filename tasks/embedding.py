"""The step that makes an item findable."""

from __future__ import annotations

from tasks.policy import step
from utils.clients import vectors
from utils.config import load_settings
from utils.models.analysis import Analysis
from utils.models.embedding import EmbeddingReport
from utils.models.item import MediaItem
from utils.models.transcript import Transcript
from utils.text import embedder
from utils.text.passages import passages


@step(fingerprint=lambda item, transcript, analysis: f"{embedder.name()} {item.title}")
def generate_embeddings(
    item: MediaItem, transcript: Transcript, analysis: Analysis
) -> EmbeddingReport:
    """Summary and speech as vectors in the index."""
    found = passages(item.item_id, item.title, transcript, analysis)
    model = embedder.load()
    vectors.replace(item.item_id, found, model.passages([p.text for p in found]), load_settings())
    return EmbeddingReport(engine=model.name, passages=tuple(found))
