"""What was made findable."""

from __future__ import annotations

from typing import ClassVar, Literal

from utils.models.base import Frozen

PassageKind = Literal["summary", "keywords", "speech", "text", "picture"]


class Passage(Frozen):
    """A piece of an item to be found; ``start_seconds`` is None for what has no time.

    ``passage_id`` holds a hash of the content: a passage that says the same has the same id. The
    text of a picture is the path of a still; ``text`` is what is to be read in one.
    """

    passage_id: str
    kind: PassageKind
    text: str
    start_seconds: float | None = None


class EmbeddingReport(Frozen):
    """What the index holds, whose vectors they are, and how many had to be made anew."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"embedded_count"})

    engine: str
    image_engine: str | None = None
    passage_count: int
    embedded_count: int
