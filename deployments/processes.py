"""One server as a process: started, asked whether it is well, ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil

from deployments.services import Service
from utils import clock
from utils.config import Settings, child_environment
from utils.errors import PermanentError, ResourceError
from utils.processes import watchdog

START_SECONDS = 120
_STOP_SECONDS, _STOP_SECONDS_ALONE = 20, 3

Process = subprocess.Popen[bytes]


def start(service: Service, settings: Settings) -> Process:
    """A service in a process group of its own, its output in ``home/logs``."""
    program = Path(sys.executable).with_name(service.command[0])
    command = [str(program if program.exists() else shutil.which(service.command[0]) or program)]
    with _log(settings, service.name).open("ab") as log:
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
    watchdog.watch(process.pid)  # kill -9 of `up` would leave it, and its port taken
    return process


def end(process: Process) -> None:
    """Ask the whole process group to end, and make it; its leader may be dead already.

    What a killed worker leaves are flow runs that nobody could cancel any more: they get
    SIGTERM too, and release what they claimed. A leader that is alone has nothing to wait for:
    a Prefect worker would take half a minute.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        asked, limit = clock.monotonic(), _STOP_SECONDS
        while clock.monotonic() < asked + limit:
            left = _members(process.pid)
            if process.poll() is not None and not left:
                watchdog.forget(process.pid)
                return
            limit = _STOP_SECONDS_ALONE if left == [process.pid] else _STOP_SECONDS
            clock.wait(0.1)


def _members(group: int) -> list[int]:
    """The living processes of a group; one that nobody reaped is dead."""
    found = []
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(process.pid) == group and process.info["status"] != "zombie":
                found.append(process.pid)
    return found


def is_healthy(service: Service) -> bool:
    """True if the service answers; one without an address is well while it runs."""
    if service.health is None:
        return True
    try:
        return httpx.get(service.health, timeout=2).is_success
    except httpx.HTTPError:
        return False


def wait_healthy(service: Service, process: Process, settings: Settings) -> None:
    """Wait until a service answers.

    Raises:
        PermanentError: it ended, or did not answer in time; with the end of its log.
    """
    until = clock.monotonic() + START_SECONDS
    while clock.monotonic() < until:
        if process.poll() is not None:
            raise PermanentError(f"{service.name} ended: {tail(settings, service.name)}")
        if is_healthy(service):
            return
        clock.wait(0.2)
    raise PermanentError(
        f"{service.name} did not answer at {service.health} within {START_SECONDS} s: "
        f"{tail(settings, service.name)}"
    )


def how_ended(process: Process) -> str:
    """Why a process is no more, in words."""
    code = process.returncode
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def tail(settings: Settings, name: str) -> str:
    """The last lines of a service's log."""
    log = _log(settings, name)
    lines = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
    return f"{log} says:\n" + "\n".join(lines)


def _log(settings: Settings, name: str) -> Path:
    return settings.home / "logs" / f"{name}.log"
