"""A watchdog process ends the tools when this process is gone, however it ended.

Each tool leads a process group of its own, so a kill -9 of this process, or of its group, does
not reach them. The watchdog is a tiny process in a session of its own, at the other end of a
pipe: it is told of each group, and when the pipe closes it kills those that are left. (Linux
could do that by PR_SET_PDEATHSIG, but only for the thread that started a tool, and by code
between fork and exec, which is not safe beside other threads.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

_lock = threading.Lock()
_watched: set[int] = set()
_process: subprocess.Popen[bytes] | None = None


def ready() -> None:
    """Have the watchdog running before the first tool starts: then only the moment between
    a tool's start and the word about it is unwatched."""
    with _lock:
        _running()


def watch(group: int) -> None:
    """Have the process group (or a process that leads none) ended when this process dies."""
    with _lock:
        _watched.add(group)
        _send(f"+{group}\n")


def forget(group: int) -> None:
    """Watch a group no more that has ended: its number may soon be another's."""
    with _lock:
        _watched.discard(group)
        _send(f"-{group}\n")


def _send(line: str) -> None:
    watchdog = _running()
    assert watchdog.stdin
    with contextlib.suppress(BrokenPipeError):  # it is replaced at the next line
        os.write(watchdog.stdin.fileno(), line.encode())


def _running() -> subprocess.Popen[bytes]:
    """The watchdog; a new one is told of all groups."""
    global _process
    if _process is None or _process.poll() is not None:
        _process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert _process.stdin
        known = "".join(f"+{group}\n" for group in sorted(_watched))
        os.write(_process.stdin.fileno(), known.encode())
    return _process


def _forget() -> None:
    """In a forked child: the watchdog and the groups are the parent's."""
    global _lock, _process
    _lock = threading.Lock()
    _watched.clear()
    inherited, _process = _process, None
    if inherited is not None:
        assert inherited.stdin
        with contextlib.suppress(OSError):
            inherited.stdin.close()
        inherited.returncode = 0  # it is not this process's to wait for


def _serve() -> None:
    """What the watchdog does: listen until the pipe closes, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(group, signal.SIGKILL)
                break


if __name__ == "__main__":
    _serve()
else:
    os.register_at_fork(after_in_child=_forget)
