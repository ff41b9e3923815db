"""Full-text search of a library of 10,000 items and 100,000 passages, against a scan.

A word of rank n stands one time in n: the commonest in nearly every passage, which is bm25's
worst case (1.3 µs a matching passage), rank 40 in every seventh, rank 9,000 in 60 of them.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from utils import config
from utils.clock import now
from utils.db import fulltext, library
from utils.db.schema import Item
from utils.db.session import session
from utils.models.embedding import Passage
from utils.models.search import SearchFilters

Row = tuple[str, str, str, str, str]
_ITEMS = 10_000
_PASSAGES = 10  # of an item
_VOCABULARY = 20_000
_RUNS = 20


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        config.override(home=Path(home), database_url=None)
        filled = _seconds(_fill)
        found = {
            name: _median(queries)
            for name, queries in {
                "rare word": [f"w{n}" for n in range(9_000, 9_000 + _RUNS)],
                "three words": [f"w{n} w{n + 1} w{n + 2}" for n in range(40, 40 + _RUNS)],
                "phrase": [f'"w{n} w{n + 1}"' for n in range(20, 20 + _RUNS)],
                "commonest word": ["w1"] * _RUNS,
                "two commonest": ["w1 w2"] * _RUNS,
            }.items()
        }
        filtered = _median(["w50 w60"] * _RUNS, SearchFilters(language="de"))
        scan = statistics.median(_seconds(_scan) for _ in range(5))
    against = f"one unranked LIKE {scan * 1000:.0f} ms"
    title = f"full text, {_ITEMS:,} items, {_ITEMS * _PASSAGES:,} passages"
    return [
        (f"{title}: {name}", f"{seconds * 1000:.1f} ms", against, f"{seconds / scan:.2f}",
         "< 0.2" if name in {"rare word", "phrase"} else "–")
        for name, seconds in (found | {"two words, filtered": filtered}).items()
    ] + [(f"{title}: written", f"{filled:.0f} s", "–", "–", "–")]  # fmt: skip


def _fill() -> None:
    """Words as Zipf has them: the n-th commonest one time in n."""
    chance = random.Random(1)
    names = [f"w{n}" for n in range(1, _VOCABULARY)]
    weights = list(accumulate(1 / n for n in range(1, _VOCABULARY)))
    with session() as s:
        for number in range(_ITEMS):
            item_id = f"{number:064x}"
            s.add(
                Item(
                    id=item_id, kind="audio", title="x", size_bytes=1, status="done",
                    language="de" if number % 10 == 0 else "en", added_at=now(),
                )
            )  # fmt: skip
            s.flush()
            said = [
                Passage(
                    passage_id="x", kind="speech", start_seconds=float(n),
                    text=" ".join(chance.choices(names, cum_weights=weights, k=60)),
                )
                for n in range(_PASSAGES)
            ]  # fmt: skip
            fulltext.replace(s, item_id, said)


def _median(queries: list[str], filters: SearchFilters | None = None) -> float:
    chosen = select(Item.id).where(*library.conditions(filters)) if filters else None

    def ask(query: str) -> Callable[[], Any]:
        def work() -> None:
            with session() as s:
                fulltext.search(s, query, 50, chosen)

        return work

    return statistics.median(_seconds(ask(query)) for query in queries)


def _scan() -> None:
    with session() as s:
        s.execute(text("SELECT count(*) FROM passages WHERE text LIKE '%w9000 %'")).scalar()


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
