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

from utils.config import tool_environment
from utils.errors import (
    PermanentError,
    ResourceError,
    RetryableError,
    from_os_error,
)
from utils.processes import deadline, memory, watchdog
from utils.processes.output import LOG_HEAD_BYTES, LOG_TAIL_BYTES, HeadAndTail, Motion

OnLine = Callable[[str], None]
OnBytes = Callable[[bytes], None]

_NO_SPACE = "No space left on device"
# How often a wait looks up: an exception that another thread raises in this one (Prefect's
# way to cancel) arrives between two lines of Python, never within a system call.
_LOOK_UP_SECONDS = 0.25
# Signals of a tool's own making: the same file breaks it again.
_OF_ITS_OWN = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
# For ffmpeg to close its file after SIGTERM; the file is removed anyway.
_GRACE_SECONDS = 2.0
# What is kept of the output of a tool that is listened to: an encode of hours reports for hours.
_KEPT_BYTES = 1 << 16
# Of one that is not: what is cut can't be read any more. A film of 10,000 chapters says 10 MiB.
_MAX_BYTES = 1 << 26


class Finished(NamedTuple):
    """A tool that ended with exit code 0.

    ``stdout`` is its last 64 KiB if it was listened to, ``stderr`` its head and its tail.
    """

    stdout: str
    stderr: str


def run(
    command: Sequence[str | Path],
    about: Path,
    hear: OnLine | None = None,
    take: OnBytes | None = None,
    name: str | None = None,
) -> Finished:
    """Run ``command`` to its end.

    Args:
        command: The tool and its arguments.
        about: The file that the work is about, for the error's text.
        hear: Is given each line of the standard output as it comes.
        take: Is given the standard output as it comes, in pieces.
        name: What people call the tool; by its file's name if none is given.

    Raises:
        PermanentError: the tool refused the file, broke on it, or was ended: it got no further,
            repeated itself, needs more memory than it may take, or the step's time for this file
            was over.
        ResourceError: the disk is full.
        RetryableError: it was ended by a signal, or by a deadline that is not the file's fault.
        StoppedError: it was ended by ``end_all``.
    """
    tool = name or Path(command[0]).name.split("-")[0]
    what = f"{tool} on {about.name}"
    watchdog.ready()
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=tool_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise from_os_error(error, f"starting {tool}") from error
    watchdog.watch(child.pid)
    memory.bind(child.pid)
    with child:
        try:
            finished = _listen(child, _Ears(hear, take, "-progress" in command), what)
        finally:
            if child.returncode is None:
                _end(child)
            watchdog.forget(child.pid)
    _demand_success(child.returncode, finished.stderr, tool, about)
    return finished


def _demand_success(code: int, stderr: str, tool: str, about: Path) -> None:
    """Raise what a tool's end says; the errors of ``run``."""
    if _NO_SPACE in stderr:
        raise ResourceError(
            f"The disk is full while {tool} works on {about.name}. Free some space, then run again."
        )
    if needs := memory.exceeded(stderr):
        raise PermanentError(f"{tool} on {about.name} {needs}")
    if -code in _OF_ITS_OWN:
        raise PermanentError(f"{about.name}: {tool} broke on it ({signal.Signals(-code).name})")
    if code < 0 or "received signal" in stderr:
        raise RetryableError(
            f"{about.name}: {tool} was ended from outside (signal {-code}); "
            "if nobody did that, memory ran out."
        )
    if code != 0:
        if not about.exists():
            raise RetryableError(f"{about} vanished while {tool} read it. Put it back, run again.")
        raise PermanentError(
            f"{about.name}: {tool} gave up: {complaint(stderr) or f'exit code {code}'}"
        )


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


class _Ears:
    """What is made of the two outputs of a tool as they come."""

    def __init__(self, hear: OnLine | None, take: OnBytes | None, is_told: bool) -> None:
        self._hear, self._take = hear, take
        listened = hear is not None or take is not None or is_told
        self._is_whole = not listened
        self.out = HeadAndTail(0, _KEPT_BYTES) if listened else HeadAndTail(_MAX_BYTES, 0)
        self.log = HeadAndTail(LOG_HEAD_BYTES, LOG_TAIL_BYTES)
        self._motion = Motion(is_told)
        self._line = b""

    def out_came(self, chunk: bytes) -> None:
        self.out.add(chunk)
        self._motion.reported(chunk)
        if self._take:
            self._take(chunk)
        if self._hear:
            lines, end, rest = (self._line + chunk).rpartition(b"\n")
            for line in (lines + end).decode(errors="replace").splitlines():
                self._hear(line)
            self._line = rest[-_KEPT_BYTES:]

    def log_came(self, chunk: bytes) -> None:
        self.log.add(chunk)
        self._motion.complained(len(chunk))

    def fault(self) -> str | None:
        """Why the tool is to be ended; None while all is well."""
        if self._is_whole and self.out.total > _MAX_BYTES:
            return f"printed more than {_MAX_BYTES >> 20} MiB"
        return self._motion.fault()


def _listen(child: subprocess.Popen[bytes], ears: _Ears, what: str) -> Finished:
    """Read both outputs until the child has ended."""
    assert child.stdout and child.stderr
    came = {child.stdout.fileno(): ears.out_came, child.stderr.fileno(): ears.log_came}
    with selectors.DefaultSelector() as pipes:
        for pipe in came:
            pipes.register(pipe, selectors.EVENT_READ)
        while pipes.get_map():
            deadline.check(what)
            if fault := ears.fault():
                raise PermanentError(f"{what} {fault}, and was ended.")
            for key, _ in pipes.select(_LOOK_UP_SECONDS):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    pipes.unregister(key.fd)
                came[key.fd](chunk)
    while child.returncode is None:
        deadline.check(what)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_UP_SECONDS)
    return Finished(ears.out.text(), ears.log.text())


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
