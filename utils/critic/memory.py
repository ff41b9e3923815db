"""Decisions of people, found again where an item is like theirs.

They are vectors in a collection of their own. The database is the truth: what is found is held
against it, and the index is repaired where the two differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
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
    with session() as s:
        number = review_memory.number_held(s)
    if not number:
        return ()
    model = embedder.load()
    vector = _vectors(model, [snapshot.text_of(subject)])[0]
    held, found = _nearest(vector, model, settings, limit)
    known = _known(found)
    if held != number or len(known) != len(found):
        _repair(model, settings, _REPAIRED_AT_ONCE)
        _, found = _nearest(vector, model, settings, limit)
        known = _known(found)
    floor = model.centre.floor if model.centre else -1.0
    precedents = (
        _precedent(row, one.similarity)
        for one in found
        if (row := known.get(one.review_id)) and row.is_last and one.similarity >= floor
    )
    return tuple(islice((one for one in precedents if one.item_id != item_id), limit))


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


def _nearest(
    vector: Vector, model: Embedder, settings: Settings, limit: int
) -> tuple[int, list[_Found]]:
    """How many the index holds, and more of the nearest than are wanted: some don't count."""
    with connected(settings) as client:
        collection = _open(client, model.name)
        held = int(collection.count())
        if not held:
            return 0, []
        found = collection.query(
            query_embeddings=[vector],
            n_results=min(held, limit * 4 + 10),
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
