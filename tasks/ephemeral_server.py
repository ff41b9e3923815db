"""The server that Prefect starts for a process that has none: it must end with it.

One that is left behind by a process that was killed holds 250 MB.
"""

from __future__ import annotations

from contextlib import suppress

import psutil

from utils.processes import watchdog

_SERVER = "prefect.server.api.server:create_app"
_watched: list[psutil.Process] = []


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
