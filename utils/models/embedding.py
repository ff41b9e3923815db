"""What was made findable."""

from __future__ import annotations

from utils.models.base import Frozen


class Passage(Frozen):
    """A piece of text to be found; ``start_seconds`` is None for a summary."""

    passage_id: str
    kind: str
    text: str
    start_seconds: float | None = None


class EmbeddingReport(Frozen):
    """Which passages stand in the index, and whose vectors they are."""

    engine: str
    passages: tuple[Passage, ...]


class SearchHit(Frozen):
    """One answer to a query; ``score`` is a cosine similarity."""

    item_id: str
    path: str
    score: float
    snippet: str
    start_seconds: float | None = None
