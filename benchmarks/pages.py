"""The pages on a library of 100,000 items, as `nightshift serve` gives them to people and browsers.

Served on SQLite from a process of its own. Alone: one person, one page after another. At once: 20
people who each open a page every two seconds in the mean, which is faster than anybody reads. Bytes
are as they are sent (gzip). What a browser sees (largest contentful paint, shifts, pictures,
memory, axe) is measured in Debian's Chromium at 1280 × 800 with an empty cache. Memory of the
server is what each process has for itself, and its part of what they share (PSS), after all of it.

    python -m benchmarks pages              100,000 items; with a number behind it so many
    python -m benchmarks pages /tmp/world   in this folder, which is kept and taken again
"""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
from sqlalchemy import func, select

from benchmarks import pages_browser
from benchmarks.api import Row, served
from nightshift.pages.viewer import COOKIE
from tests import page_world
from tests.pages import cookie_of
from utils import config
from utils.db.fact_tables import Segment
from utils.db.schema import Item
from utils.db.session import session
from utils.models.page_settings import Role
from utils.storage import home

ITEMS, PEOPLE, SECONDS, EACH = 100_000, 20, 20.0, 60
_THOUGHT_SECONDS = 2.0
_ASKING = {"accept-encoding": "gzip", "accept": "text/html", "accept-language": "en"}


class Page(NamedTuple):
    """A page that is measured: its addresses in turn, and the most that it may take (ms)."""

    name: str
    places: tuple[str, ...]
    aim_ms: int


def rows() -> Iterator[Row]:
    number = next((int(word) for word in sys.argv[1:] if word.isdecimal()), ITEMS)
    with _world(number) as (folder, took):
        hour, some = _items()
        cookie = cookie_of(Role.ADMIN)
        yield (f"a world of {number:,} items", f"{took:.0f} s", "–", "–", "< 60 s")
        with served(folder, None) as (port, server):
            url = f"http://127.0.0.1:{port}"
            alone: list[float] = []
            with httpx.Client(
                base_url=url, cookies={COOKIE: cookie}, headers=_ASKING, timeout=60
            ) as client:
                for page in _pages(hour, some):
                    times, size = _asked(client, page)
                    alone += times
                    yield _row(page, times, size)
            yield from _at_once(url, cookie, _pages(hour, some), alone)
            yield from pages_browser.rows(url, cookie, hour)
            yield from _memory(server)


@contextmanager
def _world(number: int) -> Iterator[tuple[Path, float]]:
    """A home with so many items, and how long it took to make; in the folder given, if any."""
    given = next((word for word in sys.argv[1:] if "/" in word), None)
    with tempfile.TemporaryDirectory(prefix="nightshift-pages-") as made:
        folder = Path(given or made, "home").absolute()
        config.override(home=folder)
        settings = config.load_settings()
        began = time.perf_counter()
        if not (folder / "nightshift.db").exists():
            home.prepare(settings)
            page_world.fill(settings, number, hostile=False)
        yield folder, time.perf_counter() - began


def _items() -> tuple[str, list[str]]:
    """The item with an hour of speech, and 200 others that are done."""
    with session() as s:
        spoken = select(Segment.item_id).group_by(Segment.item_id)
        hour = s.scalars(spoken.order_by(func.count().desc()).limit(1)).one()
        done = s.scalars(select(Item.id).where(Item.status == "done").limit(5_000)).all()
    return hour, random.Random(1).sample(done, min(len(done), 200))


def _pages(hour: str, some: Sequence[str]) -> list[Page]:
    chance = random.Random(2)
    asked = ["+".join(chance.sample(page_world.VOCABULARY, n)) for n in (1, 2) for _ in range(20)]
    library = ("", "?kind=video", "?sort=title", "?verdict=accept&layout=list", "?camera=Canon")
    return [
        Page("first page", ("/",), 100),
        Page("library", tuple(f"/library{query}" for query in library), 100),
        Page("search hits", tuple(f"/search?q={words}" for words in asked), 150),
        Page("item, an hour of speech", (f"/items/{hour}",), 80),
        Page("items", tuple(f"/items/{one}" for one in some), 80),
        Page("review", ("/review",), 100),
        Page("duplicates", ("/duplicates",), 100),
        Page("shift", ("/shift",), 100),
        Page("costs", ("/costs",), 100),
    ]


def _asked(client: httpx.Client, page: Page) -> tuple[list[float], int]:
    """Seconds of each answer, and the bytes of the largest; the first few are not counted."""
    times, size = [], 0
    for number in range(EACH + 3):
        began = time.perf_counter()
        with client.stream("GET", page.places[number % len(page.places)]) as answer:
            sent = b"".join(answer.iter_raw())
        took = time.perf_counter() - began
        assert answer.status_code == 200, f"{answer.url}: {answer.status_code}"
        assert sent[:2] == gzip.compress(b"")[:2], f"{answer.url} is not compressed"
        size = max(size, len(sent))
        times += [took] * (number >= 3)
    return times, size


def _row(page: Page, times: list[float], size: int) -> Row:
    p50, p95 = _at(times, 0.5), _at(times, 0.95)
    told = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms"
    return (page.name, told, f"{size / 1000:.1f} kB", f"{p95 / page.aim_ms:.2f}",
            f"p95 ≤ {page.aim_ms} ms, ≤ 100 kB")  # fmt: skip


def _at(times: list[float], share: float) -> float:
    """The time that a share of all keep to, in ms."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)] * 1000


def _at_once(url: str, cookie: str, pages: Sequence[Page], alone: list[float]) -> Iterator[Row]:
    together = asyncio.run(_crowd(url, cookie, pages))
    p95, before = _at(together, 0.95), _at(alone, 0.95)
    told = f"p50 {_at(together, 0.5):.0f} ms, p95 {p95:.0f} ms"
    yield (f"{PEOPLE} people at once", told, f"p95 {before:.0f} ms alone",
           f"{p95 / before:.2f}", "p95 ≤ 2 ×")  # fmt: skip


async def _crowd(url: str, cookie: str, pages: Sequence[Page]) -> list[float]:
    times: list[float] = []
    until = time.perf_counter() + SECONDS

    async def one(number: int, client: httpx.AsyncClient) -> None:
        chance = random.Random(number)
        await asyncio.sleep(chance.random() * _THOUGHT_SECONDS)
        while time.perf_counter() < until:
            place = chance.choice(chance.choice(pages).places)
            began = time.perf_counter()
            answer = await client.get(place)
            times.append(time.perf_counter() - began)
            assert answer.status_code == 200, f"{place}: {answer.status_code}"
            await asyncio.sleep(chance.expovariate(1 / _THOUGHT_SECONDS))

    async with httpx.AsyncClient(
        base_url=url, cookies={COOKIE: cookie}, headers=_ASKING, timeout=60
    ) as client:
        await asyncio.gather(*(one(number, client) for number in range(PEOPLE)))
    return times


def _memory(server: psutil.Process) -> Iterator[Row]:
    for number, process in enumerate([server, *server.children(recursive=True)]):
        has = process.memory_full_info()
        words = " ".join(process.cmdline()[-4:])
        name = re.sub(r"\s+", " ", words)[:40] if number else "nightshift serve"
        yield (f"memory of {name}", f"{has.pss / 1e6:.0f} MB", f"RSS {has.rss / 1e6:.0f} MB",
               f"{has.pss / 3e8:.2f}", "PSS ≤ 300 MB")  # fmt: skip
