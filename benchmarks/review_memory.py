"""The most similar of 10,000 decisions, found for an item that is to be judged.

The decisions' vectors are drawn by chance (embedding 10,000 texts takes minutes, and how near they
are changes nothing here); the item's text is embedded each time, by the real model.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from pathlib import Path

from utils import config
from utils.clock import now
from utils.config import Settings
from utils.critic import memory, snapshot
from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.db.session import session
from utils.models.analysis import Understanding
from utils.models.approval import Subject
from utils.models.review import ReviewSnapshot
from utils.search import embedder, vectors
from utils.search.index_client import connected

Row = tuple[str, str, str, str, str]
_NUMBER = 10_000
_RUNS = 20
_BATCH = 5_000
_SUMMARY = (
    "A song about rain that falls on the river in the evening, while somebody waits for a letter. "
    "The voice is calm, two guitars and a flute play with it, and the last verse names the town."
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        config.override(home=Path(home), database_url=None)
        settings = config.load_settings()
        _fill(settings)
        model = embedder.load()
        whole, without = [], []
        for number in range(_RUNS):
            subject = _subject(number)
            vector = model.passages([snapshot.text_of(subject)[:300]])[0]
            started = time.perf_counter()
            memory.nearest(f"{number:064x}", vector, model, settings, 5)
            without.append(time.perf_counter() - started)
            started = time.perf_counter()
            found = memory.similar(f"{number:064x}", subject, settings)
            whole.append(time.perf_counter() - started)
            assert len(found) == 5, "too few are found"
    found_in, in_all = (f"{statistics.median(one) * 1000:.0f} ms" for one in (without, whole))
    what = f"similar ones of {_NUMBER:,} decisions, without embedding the item"
    return [(what, found_in, f"with it {in_all}", "–", "≤ 50 ms")]


def _subject(number: int) -> Subject:
    known = Understanding(summary=_SUMMARY, topics=("rain", f"river {number}"))
    return Subject(title=f"Evening rain {number}", kind="audio", understanding=known)


def _fill(settings: Settings) -> None:
    """Decisions with vectors around that of a text like the one that is looked for."""
    chance = random.Random(1)
    near = embedder.load().passages([snapshot.text_of(_subject(0))[:300]])[0]
    ids = [f"{number:064x}" for number in range(_NUMBER, 2 * _NUMBER)]
    with session() as s:
        for item_id in ids:
            s.add(Item(id=item_id, kind="audio", title="x", size_bytes=1, status="done",
                       added_at=now()))  # fmt: skip
        s.flush()
        known = ReviewSnapshot(text=_SUMMARY).model_dump(mode="json")
        reviews = [ReviewRow(item_id=item_id, decision="accept", reason="calm and well sung",
                             snapshot=known) for item_id in ids]  # fmt: skip
        s.add_all(reviews)
        s.flush()
        numbers = [str(row.id) for row in reviews]
    name = vectors.collection_name("reviews", embedder.name())
    with connected(settings) as client:
        held = client.get_or_create_collection(name, configuration=vectors.CONFIGURATION)
        for start in range(0, _NUMBER, _BATCH):
            part = slice(start, start + _BATCH)
            held.add(
                ids=numbers[part],
                embeddings=[[x + chance.gauss(0, 0.02) for x in near] for _ in numbers[part]],
                metadatas=[{"item_id": item_id} for item_id in ids[part]],
            )
