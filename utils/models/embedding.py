"""What was made findable."""

from __future__ import annotations

from typing import ClassVar, Literal

from utils.models.base import Frozen

PassageKind = Literal["summary", "keywords", "speech"]


class Passage(Frozen):
    """A piece of text to be found; ``start_seconds`` is None for what was not spoken.

    ``passage_id`` holds a hash of the text: a passage that says the same has the same id.
    """

    passage_id: str
    kind: PassageKind
    text: str
    start_seconds: float | None = None


class EmbeddingReport(Frozen):
    """What stands in the index, whose vectors they are, and how many had to be made anew."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"embedded_count"})

    engine: str
    passage_count: int
    embedded_count: int
