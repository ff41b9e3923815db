"""The vector index, in Chroma: embedded for one machine, `chroma run` for more.

Embedded Chroma that several processes write corrupts in silence. Here a process opens it
under a lock file, works, and closes it again (15–25 ms): four processes writing at once kept
all of 4,800 passages. The index is disposable; the database is the truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock

from utils.config import Settings
from utils.errors import PermanentError, RetryableError
from utils.models.embedding import Passage
from utils.text import embedder
from utils.text.embedder import Vector

_CONFIGURATION = {"hnsw": {"space": "cosine"}}
_BATCH = 5_000


def replace(
    item_id: str, passages: Sequence[Passage], vectors: Sequence[Vector], settings: Settings
) -> None:
    """Make ``passages`` all that the index holds of an item."""
    with _collection(settings) as collection:
        known = set(collection.get(where={"item_id": item_id}, include=[])["ids"])
        wanted = {passage.passage_id for passage in passages}
        if gone := list(known - wanted):
            collection.delete(ids=gone)
        for start in range(0, len(passages), _BATCH):
            batch = passages[start : start + _BATCH]
            collection.upsert(
                ids=[passage.passage_id for passage in batch],
                embeddings=list(vectors[start : start + _BATCH]),
                documents=[passage.text for passage in batch],
                metadatas=[_metadata(item_id, passage) for passage in batch],
            )


def nearest(vector: Vector, limit: int, settings: Settings) -> list[tuple[str, float, str, Any]]:
    """The passages nearest to a vector: item, cosine similarity, text, seconds or None."""
    with _collection(settings) as collection:
        found = collection.query(
            query_embeddings=[vector],
            n_results=limit,
            include=["documents", "metadatas", "distances"],
        )
    rows = zip(found["metadatas"][0], found["distances"][0], found["documents"][0], strict=True)
    return [
        (str(meta["item_id"]), 1.0 - distance, text, meta.get("start_seconds"))
        for meta, distance, text in rows
    ]


def count(settings: Settings) -> int:
    """How many passages the index holds."""
    with _collection(settings) as collection:
        return int(collection.count())


def _metadata(item_id: str, passage: Passage) -> dict[str, Any]:
    metadata: dict[str, Any] = {"item_id": item_id, "kind": passage.kind}
    if passage.start_seconds is not None:
        metadata["start_seconds"] = passage.start_seconds
    return metadata


def _name() -> str:
    """The collection's name, which changes with the embedder: vectors of two models don't mix."""
    return f"passages-{sha256(embedder.name().encode()).hexdigest()[:8]}"


@contextmanager
def _collection(settings: Settings) -> Iterator[Any]:
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from chromadb.errors import ChromaError

    quiet = ChromaSettings(anonymized_telemetry=False)
    try:
        if settings.chroma_url:
            with _served(settings.chroma_url, settings, quiet) as client:
                yield client.get_or_create_collection(_name(), configuration=_CONFIGURATION)
        else:
            settings.home.mkdir(parents=True, exist_ok=True)
            with FileLock(settings.home / "chroma.lock"):
                client = chromadb.PersistentClient(str(settings.home / "chroma"), quiet)
                try:
                    yield client.get_or_create_collection(_name(), configuration=_CONFIGURATION)
                finally:
                    client.close()
    except ChromaError as error:
        raise RetryableError(f"The vector index failed: {error}") from error


@contextmanager
def _served(url: str, settings: Settings, quiet: Any) -> Iterator[Any]:
    import chromadb
    import httpx

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PermanentError(f"NIGHTSHIFT_CHROMA_URL is no http address: {url}")
    headers = {}
    if settings.chroma_token:
        headers["Authorization"] = f"Bearer {settings.chroma_token.get_secret_value()}"
    try:
        yield chromadb.HttpClient(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 80),
            ssl=parts.scheme == "https",
            headers=headers,
            settings=quiet,
        )
    except (httpx.HTTPError, ValueError) as error:
        raise RetryableError(f"The Chroma server at {url} did not answer: {error}") from error
