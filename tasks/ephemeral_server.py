"""The server that Prefect starts for a process that has none: it ends with it, and not before.

One that is left behind by a process that was killed holds 250 MB.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from functools import partial
from typing import Any

import psutil

from utils.processes import watchdog

_SERVER = "prefect.server.api.server:create_app"
_watched: list[psutil.Process] = []


def start() -> None:
    """Start it in a session of its own, before Prefect does: a terminal's Ctrl-C is not for it.

    In this process's group it would hear the signal too, and be gone before what is in work
    could be told to it.
    """
    from prefect.server.api import server  # takes seconds

    class Apart(server.SubprocessASGIServer):
        def _run_uvicorn_command(self) -> subprocess.Popen[Any]:
            usual = subprocess.Popen
            subprocess.Popen = partial(usual, start_new_session=True)  # type: ignore[assignment,misc]
            try:  # Prefect has no option for it
                started = super()._run_uvicorn_command()
            finally:
                subprocess.Popen = usual  # type: ignore[misc]
            watchdog.watch(started.pid)
            return started

    Apart().start()  # the instance that every client of this process takes from now on


def end_with_us() -> None:
    """Have the ephemeral server of this process, if there is one, end when the process does."""
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if _SERVER in child.cmdline():
                watchdog.watch(child.pid)
                _watched.append(child)


def is_gone() -> bool:
    """True if the ephemeral server of this process was there, and died."""
    return not all(map(_is_alive, _watched))


def _is_alive(child: psutil.Process) -> bool:
    try:
        return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
