"""Decisions of people, found again where an item is like theirs.

They are vectors in a collection of their own. The database is the truth: what is found is held
against it, and the index is repaired where the two differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple, cast

from utils.config import Settings
from utils.critic import snapshot
from utils.db import review_memory
from utils.db.review_memory import HeldReview
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.approval import Precedent, Subject
from utils.search import embedder, vectors
from utils.search.embedder import Embedder, Vector
from utils.search.index_client import connected

_EMBEDDED = 300  # characters: 512 tokens of Khmer are not many more, and it takes half the time
_BATCH = 1_000
_REPAIRED_AT_ONCE = 100  # decisions that one question embeds at most; rebuild does the rest


class _Found(NamedTuple):
    review_id: int
    similarity: float


def similar(
    item_id: str, subject: Subject, settings: Settings, limit: int = 5
) -> tuple[Precedent, ...]:
    """The items most like this one that a person decided on, the most alike first.

    Only decisions that hold; never those on the item itself.

    Raises:
        RetryableError: the index does not answer, or the embedder can't be had.
    """
    if not _number():
        return ()
    model = embedder.load()
    vector = _vectors(model, [snapshot.text_of(subject)])[0]
    return nearest(item_id, vector, model, settings, limit)


def nearest(
    item_id: str, vector: Vector, model: Embedder, settings: Settings, limit: int
) -> tuple[Precedent, ...]:
    """The same for the vector of an item, made by this model."""
    wanted, is_repaired = limit * 4 + 10, False
    while True:
        held, found = _found(vector, model, settings, wanted)
        known = _known(found)
        if not is_repaired and (held != _number() or len(known) != len(found)):
            _repair(model, settings, _REPAIRED_AT_ONCE)
            is_repaired = True
            continue
        near = [(known[one.review_id], one) for one in found if one.review_id in known]
        fitting = [
            _precedent(row, one.similarity)
            for row, one in near
            if row.is_last and row.item_id != item_id and one.similarity >= _floor(model)
        ]
        if len(fitting) >= limit or len(found) < wanted or found[-1].similarity < _floor(model):
            return tuple(fitting[:limit])
        wanted *= 4  # many decisions on few items


def remember(review_id: int, settings: Settings) -> None:
    """Make a decision findable; if the index can't be written now, the next question repairs it."""
    with session() as s:
        rows = review_memory.held(s, [review_id])
    if rows:
        with suppress(RetryableError):
            _write(rows, embedder.load(), settings)


def forget(review_id: int, settings: Settings) -> None:
    """Have a decision that was taken back found no more."""
    with suppress(RetryableError), connected(settings) as client:
        _open(client, embedder.name()).delete(ids=[str(review_id)])


def rebuild(settings: Settings) -> int:
    """Make the index hold the decisions that hold, and no others; returns how many were embedded.

    Raises:
        RetryableError: the index does not answer, or the embedder can't be had.
    """
    with connected(settings) as client:
        for one in client.list_collections():
            former = one.name != _name(embedder.name())
            if former and one.name.startswith("reviews-") and vectors.is_ours(one.name):
                client.delete_collection(one.name)
    return _repair(embedder.load(), settings, None)


def _repair(model: Embedder, settings: Settings, most: int | None) -> int:
    """Embed what the index lacks, the newest first, and remove what it should not have."""
    with session() as s:
        wanted = review_memory.held_ids(s)
    with connected(settings) as client:
        collection = _open(client, model.name)
        there = {int(one) for one in collection.get(include=[])["ids"]}
        for batch in _batches(sorted(there - wanted)):
            collection.delete(ids=[str(one) for one in batch])
    lacking = sorted(wanted - there, reverse=True)[:most]
    for batch in _batches(lacking):
        with session() as s:
            rows = review_memory.held(s, batch)
        _write(rows, model, settings)
    return len(lacking)


def _write(rows: Sequence[HeldReview], model: Embedder, settings: Settings) -> None:
    made = _vectors(model, [row.snapshot.text or row.title for row in rows])
    with connected(settings) as client:
        _open(client, model.name).upsert(
            ids=[str(row.review_id) for row in rows],
            embeddings=made,
            metadatas=[{"item_id": row.item_id} for row in rows],
        )


def _number() -> int:
    with session() as s:
        return review_memory.number_held(s)


def _floor(model: Embedder) -> float:
    return model.centre.floor if model.centre else -1.0


def _found(
    vector: Vector, model: Embedder, settings: Settings, wanted: int
) -> tuple[int, list[_Found]]:
    """How many the index holds, and the nearest of them."""
    from chromadb.errors import NotFoundError

    with connected(settings, only_reads=True) as client:
        try:
            collection = client.get_collection(_name(model.name))
        except NotFoundError:
            return 0, []
        held = int(collection.count())
        if not held:
            return 0, []
        found = collection.query(
            query_embeddings=[vector],
            n_results=min(held, wanted),
            include=["embeddings" if model.centre else "distances"],
        )
    if model.centre is None:
        alike = [1.0 - distance for distance in found["distances"][0]]
    else:
        alike = model.centre.alike(vector, found["embeddings"][0])
    both = zip(found["ids"][0], alike, strict=True)
    rows = [_Found(int(name), similarity) for name, similarity in both]
    return held, sorted(rows, key=lambda one: -one.similarity)


def _known(found: Sequence[_Found]) -> dict[int, HeldReview]:
    with session() as s:
        rows = review_memory.held(s, [one.review_id for one in found])
    return {row.review_id: row for row in rows}


def _precedent(row: HeldReview, similarity: float) -> Precedent:
    return Precedent(
        review_id=row.review_id,
        item_id=row.item_id,
        title=row.title,
        decision=cast(Literal["accept", "reject", "revise"], row.decision),
        reason=row.reason,
        similarity=round(max(-1.0, min(1.0, similarity)), 4),
    )


def _vectors(model: Embedder, texts: Sequence[str]) -> list[Vector]:
    return model.passages([text[:_EMBEDDED] or "–" for text in texts])


def _batches(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]


def _name(model: str) -> str:
    return vectors.collection_name("reviews", model)


def _open(client: Any, model: str) -> Any:
    return client.get_or_create_collection(_name(model), configuration=vectors.CONFIGURATION)
