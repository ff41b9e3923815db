"""Servers for benchmarks: what `nightshift up` starts, and Prefect on SQLite as the alternative.

Ports are free ones, homes are temporary, and all of it has ended when the block ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from deployments import csrf
from deployments.services import PREFECT, filled
from deployments.supervision import placeholders
from utils.config import Settings

ROOT = Path(__file__).parent.parent
_START_SECONDS = 240
_STOP_SECONDS = 60


class Served(NamedTuple):
    """Servers that answer: the process that leads them, and how a client finds Prefect's."""

    process: subprocess.Popen[bytes]
    api_url: str
    home: Path
    login: str

    @property
    def client(self) -> dict[str, str]:
        """What Prefect's clients have to find in their environment."""
        return {"PREFECT_API_URL": self.api_url, "PREFECT_API_AUTH_STRING": self.login}

    def post(self, path: str, **query: object) -> httpx.Response:
        """What the API answers."""
        user, _, password = self.login.partition(":")
        with httpx.Client(auth=(user, password), timeout=10) as client:
            token = csrf.headers(client, self.api_url, "benchmarks")
            return client.post(f"{self.api_url}{path}", json=query, headers=token)


@contextmanager
def on_postgres(home: Path) -> Iterator[Served]:
    """`nightshift up`: Postgres, a Prefect server, everything registered, a worker."""
    port, worker_port = _free_ports()
    command = [sys.executable, "-m", "nightshift", "up", "--port", str(port),
               "--worker-port", str(worker_port)]  # fmt: skip
    with _running(command, home, {"NIGHTSHIFT_HOME": str(home)}) as process:
        # Written once the worker was started: by then all is registered.
        _wait(process, home, (home / "services.json").exists)
        login = (home / "prefect-login").read_text().strip()
        yield Served(process, f"http://127.0.0.1:{port}/api", home, login)


@contextmanager
def on_sqlite(home: Path) -> Iterator[Served]:
    """The same Prefect server with the same settings, alone, on SQLite."""
    port, _ = _free_ports()
    login, database = "benchmark:benchmark", f"sqlite+aiosqlite:///{home}/prefect.db"
    values = placeholders(Settings(home=home), port, login)
    service = filled(PREFECT, {**values, "prefect_database": database})
    command = [sys.executable, *service.command[1:]]
    with _running(command, home, service.environment) as process:
        _wait(process, home, lambda: _answers(service.health or ""))
        yield Served(process, f"http://127.0.0.1:{port}/api", home, login)


@contextmanager
def _running(
    command: list[str], home: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group, asked to end by SIGINT, as Ctrl-C does."""
    home.mkdir(parents=True, exist_ok=True)
    with _log(home).open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _log(home: Path) -> Path:
    """Beside the home: what is in it before it is marked would be somebody's."""
    return home.with_name(f"{home.name}.log")


def _wait(process: subprocess.Popen[bytes], home: Path, ready: object) -> None:
    end = time.monotonic() + _START_SECONDS
    while not ready():  # type: ignore[operator]
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"no server:\n{_log(home).read_text()[-2000:]}")
        time.sleep(0.5)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _free_ports() -> tuple[int, int]:
    """Two ports: of the server, and of the worker's health check."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
