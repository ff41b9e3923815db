"""The HTTP API under load while a run is killed with -9 and Postgres is restarted.

20 clients at once ask, upload and follow; each answer that is none of 2xx, 4xx that was asked for,
or 503 with Retry-After is a fault. In the end each upload that was answered 2xx lies whole in the
inbox, and each item is there.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from benchmarks import api_world
from benchmarks.api_world import World
from benchmarks.shift import make_clips

Row = tuple[str, str, str, str, str]
MINUTES, CLIENTS, SEED = 10.0, 20, 7
RESTART_SECONDS, KILL_SECONDS = 60.0, 20.0  # between two restarts of Postgres, two kills
_UPLOAD_BYTES = 3 * 2**20


class Story:
    """What came of it."""

    def __init__(self) -> None:
        self.statuses = Counter[int]()
        self.faults: list[str] = []
        self.seconds: list[float] = []
        self.landed: dict[str, str] = {}
        self.events = self.kills = self.restarts = self.resumed = 0
        self.lost: list[str] = []
        self.memory_bytes = 0

    def note(self, what: str, answer: httpx.Response, seconds: float) -> None:
        """Count an answer; one that should not be is kept with its words."""
        self.statuses[answer.status_code] += 1
        self.seconds.append(seconds)
        is_patient = answer.status_code == 503 and "retry-after" in answer.headers
        if answer.status_code >= 400 and not is_patient:
            self.faults.append(f"{what}: {answer.status_code} {answer.text[:300]}")

    @property
    def p95(self) -> float:
        """So long, in seconds, took all but the slowest twentieth."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)] if self.seconds else 0.0


def rows() -> list[Row]:
    minutes = next((float(word) for word in sys.argv[2:] if word.isdecimal()), MINUTES)
    with tempfile.TemporaryDirectory() as name:
        library = make_clips(Path(name, "library"), 4)
        worker = (str(Path(sys.executable).with_name("nightshift")), "run", str(library))
        story = run(Path(name), minutes * 60, worker)
    print(*story.faults, *story.lost, sep="\n", file=sys.stderr)
    told = ", ".join(f"{number} × {status}" for status, number in sorted(story.statuses.items()))
    return [(
        f"API, {minutes:g} min, {CLIENTS} at once, {story.kills} kills of a run, "
        f"{story.restarts} restarts of Postgres: {told}",
        f"{len(story.faults)} answers 5xx but 503 with Retry-After, {len(story.lost)} lost",
        f"{len(story.landed)} uploads ({story.resumed} resumed), {story.events} events, p95 "
        f"{story.p95 * 1000:.0f} ms, {story.memory_bytes / 2**20:.0f} MiB",
        "–",
        "0 and 0",
    )]  # fmt: skip


def run(
    folder: Path, seconds: float, worker: Sequence[str], restart_every: float = RESTART_SECONDS,
    kill_every: float = KILL_SECONDS,
) -> Story:  # fmt: skip
    """Load the API for so long; ``worker`` is a command that is started, and killed, over again."""
    story = Story()
    with api_world.served(folder) as world:
        asyncio.run(_load(world, story, seconds, (worker, restart_every, kill_every)))
        for path, digest in story.landed.items():
            if not Path(path).is_file() or api_world.sha256(Path(path)) != digest:
                story.lost.append(f"{path} is not whole")
        story.memory_bytes = psutil.Process(world.server.pid).memory_info().rss
        with httpx.Client(
            base_url=world.url, headers=api_world.bearer(world), timeout=30
        ) as client:
            story.lost += [
                f"item {item[:10]} is not there"
                for item in world.items
                if client.get(f"/items/{item}").status_code != 200
            ]
    return story


async def _load(
    world: World, story: Story, seconds: float, disturbance: tuple[Sequence[str], float, float]
) -> None:
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=2 * CLIENTS)
    async with httpx.AsyncClient(
        base_url=world.url, headers=api_world.bearer(world), timeout=60, limits=limits
    ) as client:
        clients = [_client(world, story, client, number, end) for number in range(CLIENTS)]
        await asyncio.gather(*clients, _disturb(world, story, end, *disturbance))


async def _client(
    world: World, story: Story, client: httpx.AsyncClient, number: int, end: float
) -> None:
    load = Load(world, story, client, random.Random(SEED + number))
    while time.monotonic() < end:
        what = load.dice.choice(ASKED)
        try:
            await what(load)
        except httpx.HTTPError as error:  # the server itself is never restarted
            story.faults.append(f"{what.__name__}: {error!r}")


class Load(NamedTuple):
    """What a client has: whom it asks, what it notes, its own dice."""

    world: World
    story: Story
    client: httpx.AsyncClient
    dice: random.Random


Asked = Callable[[Load], Awaitable[None]]


async def _get(at: Load, path: str, **more: Any) -> httpx.Response:
    begun = time.monotonic()
    answer = await at.client.get(path, **more)
    at.story.note(path.split("/")[1], answer, time.monotonic() - begun)
    return answer


async def health(at: Load) -> None:
    await _get(at, at.dice.choice(("/health", "/ready")))


async def show(at: Load) -> None:
    await _get(at, f"/items/{at.dice.choice(at.world.items)}")


async def files(at: Load) -> None:
    item = at.dice.choice(at.world.items)
    answer = await _get(at, f"/items/{item}/files")
    for file in answer.json() if answer.is_success else ():
        path = file["url"].removeprefix("/api/v1")
        await _get(at, path, headers={"Range": "bytes=10-99"})


async def form(at: Load) -> None:
    content = at.dice.randbytes(at.dice.randrange(1, 2**18))
    begun = time.monotonic()
    answer = await at.client.post("/uploads", files={"file": ("clip.jpg", content)})
    at.story.note("form", answer, time.monotonic() - begun)
    if answer.is_success:
        at.story.landed[answer.json()["path"]] = hashlib.sha256(content).hexdigest()


async def resumable(at: Load) -> None:
    """An upload in pieces; after a 503 it asks for the offset, and goes on there."""
    content = at.dice.randbytes(at.dice.randrange(1, _UPLOAD_BYTES))
    name = base64.b64encode(b"film.mp4").decode()
    tus = {"Tus-Resumable": "1.0.0"}
    begun = await _patiently(at, "POST", "/uploads",
        {**tus, "Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"},
    )  # fmt: skip
    place, offset = begun.headers["location"].removeprefix("/api/v1"), 0
    while offset < len(content):
        piece = content[offset : offset + 2**20]
        started = time.monotonic()
        answer = await at.client.patch(
            place, content=piece,
            headers={**tus, "Upload-Offset": str(offset),
                     "Content-Type": "application/offset+octet-stream"},
        )  # fmt: skip
        if answer.status_code == 503:
            at.story.note("patch", answer, time.monotonic() - started)
            await asyncio.sleep(0.5)
            head = await _patiently(at, "HEAD", place, tus)
            at.story.resumed += 1
            offset = int(head.headers["upload-offset"])
            continue
        at.story.note("patch", answer, time.monotonic() - started)
        if not answer.is_success:
            return
        offset = int(answer.headers["upload-offset"])
    state = (await _patiently(at, "GET", place, tus)).json()
    at.story.landed[state["path"]] = hashlib.sha256(content).hexdigest()


async def _patiently(at: Load, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    while True:
        begun = time.monotonic()
        answer = await at.client.request(method, path, headers=headers)
        at.story.note(f"{method} upload", answer, time.monotonic() - begun)
        if answer.status_code not in {429, 503}:
            return answer
        await asyncio.sleep(0.5)


async def uploads(at: Load) -> None:
    await _get(at, "/uploads", params={"limit": 20})


async def events(at: Load) -> None:
    begun = time.monotonic()
    async with at.client.stream("GET", "/events", params={"seconds": 3}) as answer:
        if answer.status_code != 200:
            await answer.aread()
            at.story.note("events", answer, time.monotonic() - begun)
            return
        at.story.statuses[200] += 1
        async for line in answer.aiter_lines():
            at.story.events += line.startswith("event:")


# What is asked, each as often as it stands here; more of the API is added by a function.
ASKED: tuple[Asked, ...] = (
    *(health,) * 4, *(show,) * 8, *(files,) * 4, form, resumable, *(uploads,) * 2, events,
)  # fmt: skip


async def _disturb(
    world: World, story: Story, end: float, worker: Sequence[str], restart_every: float,
    kill_every: float,
) -> None:  # fmt: skip
    """Kill the worker, and restart Postgres, time and again."""
    process, next_kill = _started(world, worker), time.monotonic() + kill_every
    next_restart = time.monotonic() + restart_every / 2
    while time.monotonic() < end:
        await asyncio.sleep(0.2)
        if time.monotonic() >= next_kill or process.poll() is not None:
            story.kills += process.poll() is None
            _kill(process)
            process, next_kill = _started(world, worker), time.monotonic() + kill_every
        if time.monotonic() >= next_restart:
            await asyncio.to_thread(api_world.restart, world)
            story.restarts += 1
            next_restart = time.monotonic() + restart_every
    _kill(process)


def _started(world: World, worker: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        worker, env=world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
