"""One address served by several processes: dealt out in turn, started again, ended together."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import httpx
import psutil
import pytest

from nightshift.api.processes import listening
from nightshift.api.rate_limit_storage import SharedMemoryStorage
from utils.errors import NightShiftError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")

# A program that says which process answered, and who asked.
_PROGRAM = """
import os, sys, uvicorn
from nightshift.api import processes

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/broken":
        os._exit(3)
    body = f"{os.getpid()} {scope['client'][0]}".encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})

listeners = processes.listening("127.0.0.1", 0)
print(listeners[0].getsockname()[1], flush=True)
processes.serve(lambda: uvicorn.Config(app, log_level="error", lifespan="off"), 2, listeners)
"""


@pytest.fixture
def served() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()


def _who(url: str) -> int:
    """The process that answered on a connection of its own."""
    pid, address = httpx.get(url, timeout=30).text.split()
    assert address == "127.0.0.1"
    return int(pid)


def test_connections_are_dealt_out_in_turn(served: tuple[subprocess.Popen[str], str]) -> None:
    process, url = served
    asked = Counter(_who(url) for _ in range(6))
    assert sorted(asked.values()) == [3, 3]
    assert process.pid not in asked


def test_one_that_was_killed_is_started_again_and_loses_no_new_connection(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    _, url = served
    before = {_who(url) for _ in range(2)}
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    after = {_who(url) for _ in range(6)}
    assert len(after) == 2
    assert killed not in after
    assert len(after & before) == 1


def test_a_signal_ends_all(served: tuple[subprocess.Popen[str], str]) -> None:
    process, url = served
    children = {_who(url) for _ in range(2)}
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert not any(psutil.pid_exists(child) for child in children)


def test_they_end_with_the_one_above_them(served: tuple[subprocess.Popen[str], str]) -> None:
    process, url = served
    children = [psutil.Process(_who(url)) for _ in range(2)]
    process.kill()
    process.wait(timeout=30)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_what_ends_again_and_again_is_given_up(served: tuple[subprocess.Popen[str], str]) -> None:
    process, url = served
    while process.poll() is None:
        try:
            httpx.get(f"{url}/broken", timeout=30)
        except httpx.TransportError:
            continue
    assert process.returncode == 1


def test_a_port_that_is_taken_is_said_so() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(NightShiftError, match="in use while listening"),
    ):
        listening("127.0.0.1", taken.getsockname()[1])


def test_what_one_process_counts_the_others_know() -> None:
    counts = SharedMemoryStorage()
    assert asyncio.run(counts.incr("token a", 60)) == 1
    if (child := os.fork()) == 0:
        asyncio.run(counts.incr("token a", 60, 4))
        os._exit(0)
    os.waitpid(child, 0)
    assert asyncio.run(counts.get("token a")) == 5
    assert asyncio.run(counts.get("token b")) == 0


def test_counts_are_forgotten_when_their_time_is_over_and_room_is_left_for_many() -> None:
    async def many(counts: SharedMemoryStorage) -> int:
        await counts.incr("old", -1)
        for number in range(2_000):
            await counts.incr(f"address {number}", 60)
        known = [await counts.get(f"address {number}") for number in range(2_000)]
        return sum(known) + await counts.get("old")

    assert asyncio.run(many(SharedMemoryStorage())) == 2_000


def test_one_that_hangs_holds_up_no_other(served: tuple[subprocess.Popen[str], str]) -> None:
    _, url = served
    hanging = _who(url)
    os.kill(hanging, signal.SIGSTOP)
    port = int(url.rpartition(":")[2])
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(900)]
    try:  # more than the hanging one takes; the other answers to the last of them
        assert _who(url) != hanging
    finally:
        os.kill(hanging, signal.SIGKILL)
        for one in waiting:
            one.close()
    assert hanging not in {_who(url) for _ in range(4)}
