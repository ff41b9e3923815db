"""Runs a media tool: bounded in time, heard while it runs, its errors translated, no child left.

Each tool leads a process group of its own, and whatever ends the work (a deadline, Ctrl-C,
Prefect's cancellation, an error of a listener, and by utils/processes/watchdog.py even kill -9 of
this process) ends the whole group. So a terminal's Ctrl-C does not reach the tools by itself:
who handles it calls ``end_all``.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from utils.errors import (
    PermanentError,
    ResourceError,
    RetryableError,
    from_os_error,
)
from utils.processes import deadline, watchdog

OnLine = Callable[[str], None]

_NO_SPACE = "No space left on device"
# How often a wait looks up: an exception that another thread raises in this one (Prefect's
# way to cancel) arrives between two lines of Python, never within a system call.
_LOOK_UP_SECONDS = 0.25
# For ffmpeg to close its file after SIGTERM; the file is removed anyway.
_GRACE_SECONDS = 2.0
# What is kept of the output of a tool that is listened to: an encode of hours reports for hours.
_KEPT_BYTES = 1 << 16


class Finished(NamedTuple):
    """A tool that ended with exit code 0; ``stdout`` is its last 64 KiB if it was listened to."""

    stdout: str
    stderr: str


def run(command: Sequence[str | Path], about: Path, hear: OnLine | None = None) -> Finished:
    """Run ``command`` to its end.

    Args:
        command: The tool and its arguments.
        about: The file that the work is about, for the error's text.
        hear: Is given each line of the standard output as it comes.

    Raises:
        PermanentError: the tool refused the file.
        ResourceError: the disk is full.
        RetryableError: it was ended: by the step's deadline, or by a signal.
        StoppedError: it was ended by ``end_all``.
    """
    tool = Path(command[0]).name.split("-")[0]
    what = f"{tool} on {about.name}"
    watchdog.ready()
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise from_os_error(error, f"starting {tool}") from error
    watchdog.watch(child.pid)
    with child:
        try:
            finished = _listen(child, hear, what)
        finally:
            if child.returncode is None:
                _end(child)
            watchdog.forget(child.pid)
    stderr = finished.stderr
    if _NO_SPACE in stderr:
        raise ResourceError(
            f"The disk is full while {tool} works on {about.name}. Free some space, then run again."
        )
    if child.returncode < 0 or "received signal" in stderr:
        raise RetryableError(
            f"{about.name}: {tool} was ended from outside (signal {-child.returncode}); "
            "if nobody did that, memory ran out."
        )
    if child.returncode != 0:
        if not about.exists():
            raise RetryableError(f"{about} vanished while {tool} read it. Put it back, run again.")
        raise PermanentError(
            f"{about.name}: {tool} gave up: {complaint(stderr) or f'exit code {child.returncode}'}"
        )
    return finished


def end_all() -> None:
    """End every tool of this process, and let none run any more: for a handler of signals."""
    deadline.stopping.set()


def share_of(seconds: float | None, tell: Callable[[float], None]) -> OnLine:
    """A listener to ffmpeg's ``-progress pipe:1`` that tells the share of ``seconds``, 0–1."""

    def hear(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and seconds and value.isdecimal():
            tell(min(1.0, int(value) / 1e6 / seconds))

    return hear


def _listen(child: subprocess.Popen[bytes], hear: OnLine | None, what: str) -> Finished:
    """Read both outputs until the child has ended."""
    assert child.stdout and child.stderr
    read: dict[int, bytearray] = {child.stdout.fileno(): bytearray(),
                                  child.stderr.fileno(): bytearray()}  # fmt: skip
    out = child.stdout.fileno()
    line_start = 0
    with selectors.DefaultSelector() as pipes:
        for pipe in read:
            pipes.register(pipe, selectors.EVENT_READ)
        while pipes.get_map():
            deadline.check(what)
            for key, _ in pipes.select(_LOOK_UP_SECONDS):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    pipes.unregister(key.fd)
                read[key.fd] += chunk
                if hear and key.fd == out:
                    line_start = _hear_lines(read[out], line_start, hear)
    while child.returncode is None:
        deadline.check(what)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_UP_SECONDS)
    stdout, stderr = (text.decode(errors="replace") for text in read.values())
    return Finished(stdout, stderr)


def _hear_lines(text: bytearray, start: int, hear: OnLine) -> int:
    """Pass on the lines that are complete after ``start``; returns where the next one starts."""
    end = text.rfind(b"\n") + 1
    if end > start:
        for line in text[start:end].decode(errors="replace").splitlines():
            hear(line)
        start = end
    if start > 2 * _KEPT_BYTES:
        del text[: start - _KEPT_BYTES]
        start = _KEPT_BYTES
    return start


def _end(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the child's group, a moment to tidy up, then SIGKILL to what is left of it."""
    try:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(_GRACE_SECONDS)
    finally:
        # A second Ctrl-C during the wait must not save it; a member may outlive its leader.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def complaint(stderr: str) -> str:
    """What a tool's errors say, the cause before what came of it, without addresses and path.

    Where lines name their level, the first errors are the cause; else the last lines say it.
    """
    causes: list[str] = []
    lines = stderr.splitlines()
    grave = [line for line in lines if re.search(r"\[(error|fatal|panic)\] ", line)]
    for line in grave or reversed(lines):
        cause = re.sub(r"^(\[[^\]]*\]\s*)+", "", line.strip())
        cause = re.sub(r"^(Error opening input( files?)?: )?(file:.*: (?=[A-Z]))?", "", cause)
        if cause and cause not in causes:
            causes.append(cause)
    return "; ".join(causes[:2] if grave else causes[:2][::-1])[:300]
