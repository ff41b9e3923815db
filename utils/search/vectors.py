"""The vector index, in Chroma: embedded for one machine, `chroma run` for more.

How it is opened: utils/search/index_client.py. The index is disposable; the database is the truth.

Each kind of passage is a collection of its own: among 50,000 passages a query of one
collection took 5 ms, and 200 ms where the kind was a filter.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence, Set
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from utils.config import Settings
from utils.models.embedding import Passage, PassageKind
from utils.search import embedder
from utils.search.centre import Centre
from utils.search.embedder import Embedder, Vector
from utils.search.index_client import connected
from utils.storage import removal

CONFIGURATION = {"hnsw": {"space": "cosine"}}
_BATCH = 5_000
TEXTS: tuple[PassageKind, ...] = ("summary", "keywords", "speech")
PICTURES: tuple[PassageKind, ...] = ("picture",)
# As _name makes them; the first version had one kind.
_FORMER = re.compile(rf"({'|'.join(('passages', *TEXTS))})-[0-9a-f]{{8}}")
# Decisions on items are made and mended by utils/critic/memory.py, and forgotten with the others.
_OURS = re.compile(rf"({'|'.join(('passages', *TEXTS, *PICTURES, 'reviews'))})-[0-9a-f]{{8}}")
_PLACE = "chroma"
_SEGMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a folder of Chroma's
# Up to so many candidates are named in the query (1,000: 85 ms, 5,000: 228 ms among 40,000
# passages); more are a good share of the library, and the nearest passages are read until
# enough of them belong to candidates (2,000 passages: 92 ms).
_NAMED = 1_000


class Near(NamedTuple):
    """The passage of an item that is nearest to a vector; ``similarity`` is a cosine.

    It is that of the centred vectors where the model has a centre (utils/search/centre.py).
    """

    item_id: str
    similarity: float
    text: str
    start_seconds: float | None


def replace(
    item_id: str,
    passages: Sequence[Passage],
    model: Embedder,
    settings: Settings,
    kinds: Sequence[PassageKind] = TEXTS,
) -> int:
    """Make ``passages`` all that the index holds of an item; returns how many were embedded.

    Only passages whose content the index does not hold yet, made by this model, are embedded
    and written; one that moved in time gets its new time. ``kinds`` are those that the model
    makes vectors of.
    """
    known: dict[str, Any] = {}
    with connected(settings) as client:
        for kind in kinds:
            rows = _open(client, kind, model.name).get(
                where={"item_id": item_id}, include=["metadatas"]
            )
            known |= dict(zip(rows["ids"], rows["metadatas"], strict=True))
    new = [passage for passage in passages if passage.passage_id not in known]
    made = model.passages([passage.text for passage in new]) if new else []
    vectors = {p.passage_id: vector for p, vector in zip(new, made, strict=True)}
    moved = [
        passage
        for passage in passages
        if passage.passage_id in known and known[passage.passage_id] != _metadata(item_id, passage)
    ]
    gone = known.keys() - {passage.passage_id for passage in passages}
    if not (new or moved or gone):
        return 0
    with connected(settings) as client:
        for kind in kinds:
            collection = _open(client, kind, model.name)
            if ids := [name for name in gone if name.startswith(f"{item_id}:{kind}:")]:
                collection.delete(ids=ids)
            for batch in _batches([passage for passage in moved if passage.kind == kind]):
                collection.update(
                    ids=[passage.passage_id for passage in batch],
                    metadatas=[_metadata(item_id, passage) for passage in batch],
                )
            for batch in _batches([passage for passage in new if passage.kind == kind]):
                collection.upsert(
                    ids=[passage.passage_id for passage in batch],
                    embeddings=[vectors[passage.passage_id] for passage in batch],
                    documents=[passage.text for passage in batch],
                    metadatas=[_metadata(item_id, passage) for passage in batch],
                )
    return len(new)


def nearest(
    query: str,
    limit: int,
    model: Embedder,
    settings: Settings,
    candidates: Set[str] | None = None,
    kinds: Sequence[PassageKind] = TEXTS,
) -> dict[PassageKind, list[Near]]:
    """For each kind of passage the ``limit`` items nearest to a query, each by its best passage.

    Args:
        query: What is looked for, in words.
        limit: Items, not passages.
        model: Whose vectors these are.
        settings: Where the index is.
        candidates: Ids of the only items that count; None for all.
        kinds: Those that the model made vectors of.
    """
    vector = model.query(query)
    with connected(settings, only_reads=True) as client:
        found = {kind: _known(client, kind, model.name) for kind in kinds}
        return {
            kind: _nearest_items(collection, vector, limit, candidates, model.centre)
            if collection
            else []
            for kind, collection in found.items()
        }


def forget(item_ids: Sequence[str], settings: Settings) -> None:
    """Remove all passages of items, whatever model made their vectors."""
    if not settings.chroma_url and not (settings.home / _PLACE / "chroma.sqlite3").exists():
        return
    with connected(settings) as client:
        for collection in client.list_collections():
            if is_ours(collection.name):
                for batch in range(0, len(item_ids), _NAMED):
                    ids = list(item_ids[batch : batch + _NAMED])
                    collection.delete(where={"item_id": {"$in": ids}})


def is_ours(name: str) -> bool:
    """True for collections that we make; a server may have others, of other programs."""
    return bool(_OURS.fullmatch(name))


def count(settings: Settings) -> int:
    """How many passages of text the index holds."""
    with connected(settings) as client:
        return sum(int(_open(client, kind, embedder.name()).count()) for kind in TEXTS)


def forget_former(settings: Settings, dry_run: bool = False) -> tuple[int, int, int]:
    """Remove the collections of texts that an older version, or another model, made.

    Returns passages, files and bytes. Embedded Chroma leaves the folder of a deleted
    collection behind; a server's files are its own.
    """
    if not settings.chroma_url and not (settings.home / "chroma" / "chroma.sqlite3").exists():
        return 0, 0, 0
    ours = {collection_name(kind, embedder.name()) for kind in TEXTS}
    with connected(settings) as client:
        former = [one for one in client.list_collections() if _is_former(one.name, ours)]
        passages = sum(one.count() for one in former)
        files: list[Path] = []
        if not settings.chroma_url:
            files = _unused_files(settings.home, {one.name for one in former})
        size = sum(path.stat().st_size for path in files)
        if not dry_run:
            for one in former:
                client.delete_collection(one.name)
            for name in {path.parent.name for path in files}:
                removal.remove(settings.home, _PLACE, name)
    return passages, len(files), size


def _is_former(name: str, ours: Set[str]) -> bool:
    """True for collections of texts that we made; a server may have others, of other programs."""
    return name not in ours and bool(_FORMER.fullmatch(name))


def _unused_files(home: Path, former: Set[str]) -> list[Path]:
    """The files of vectors that belong to no collection, or to a former one."""
    chroma = home / _PLACE
    with closing(sqlite3.connect(f"file:{chroma}/chroma.sqlite3?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT segments.id, collections.name FROM segments "
            "JOIN collections ON collections.id = segments.collection"
        ).fetchall()
    used = {segment for segment, name in rows if name not in former}
    return [
        path
        for name in removal.names(home, _PLACE, _SEGMENT)
        if (folder := chroma / name).is_dir() and name not in used
        for path in folder.iterdir()
    ]


def _nearest_items(
    collection: Any,
    vector: Vector,
    limit: int,
    candidates: Set[str] | None,
    centre: Centre | None,
) -> list[Near]:
    where = None
    if candidates is not None and len(candidates) <= _NAMED:
        where = {"item_id": {"$in": sorted(candidates)}}
    held, wanted = int(collection.count()), limit * 4
    while True:
        best: dict[str, Near] = {}
        rows = _query(collection, vector, min(wanted, held), where, centre) if held else []
        for row in rows:
            if candidates is None or row.item_id in candidates:
                best.setdefault(row.item_id, row)
        if len(best) >= limit or len(rows) < wanted:
            return list(best.values())[:limit]
        wanted *= 4


def _query(
    collection: Any, vector: Vector, number: int, where: Any, centre: Centre | None
) -> list[Near]:
    """The nearest passages, best first: by their centred vectors, where there is a centre."""
    found = collection.query(
        query_embeddings=[vector],
        n_results=number,
        where=where,
        include=["documents", "metadatas", "embeddings" if centre else "distances"],
    )
    if centre is None:
        similar = [1.0 - distance for distance in found["distances"][0]]
    else:
        made = found["embeddings"][0]
        similar = centre.similarities(vector, made) if len(made) else []
    rows = zip(found["metadatas"][0], similar, found["documents"][0], strict=True)
    near = [
        Near(str(meta["item_id"]), similarity, text, meta.get("start_seconds"))
        for meta, similarity, text in rows
    ]
    return sorted(near, key=lambda one: -one.similarity)


def _batches(passages: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    for start in range(0, len(passages), _BATCH):
        yield passages[start : start + _BATCH]


def _metadata(item_id: str, passage: Passage) -> dict[str, Any]:
    metadata: dict[str, Any] = {"item_id": item_id}
    if passage.start_seconds is not None:
        metadata["start_seconds"] = passage.start_seconds
    return metadata


def _open(client: Any, kind: PassageKind, model: str) -> Any:
    """The collection of a kind, whose name changes with the model: vectors don't mix."""
    return client.get_or_create_collection(
        collection_name(kind, model), configuration=CONFIGURATION
    )


def _known(client: Any, kind: PassageKind, model: str) -> Any | None:
    """The same if it is there: whoever asks writes nothing."""
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(collection_name(kind, model))
    except NotFoundError:
        return None


def collection_name(kind: str, model: str) -> str:
    """The name of a collection: of a kind, and of the model that made its vectors."""
    return f"{kind}-{sha256(model.encode()).hexdigest()[:8]}"
