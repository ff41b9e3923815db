"""A tool that stays open and answers one question after the other, in bounds of time and memory.

Starting Perl or Python anew costs 0.1 CPU s a file. What a file makes such a tool do is bounded
all the same: it has so much address space (RLIMIT_AS, on Linux), the deadline of the step, and
the watchdog's word that it does not outlive this process. When one of these ends it, the next
question starts another.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import resource
import select
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.errors import PermanentError, RetryableError, from_os_error
from utils.processes import deadline, watchdog

_LOOK_UP_SECONDS = 0.25
# Signals of the kernel and of people; all others are of the tool's own making.
_FROM_OUTSIDE = (-15, -9, -2, -1)


class OpenTool:
    """One process, started at the first question and shared by all threads, one at a time.

    Args:
        name: What people call the tool.
        command: Gives its command line.
        memory_bytes: The address space that it may take.
        answer_bytes: The longest answer.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[], Sequence[str]],
        memory_bytes: int,
        answer_bytes: int,
    ) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._name, self._command = name, command
        self._memory_bytes, self._answer_bytes = memory_bytes, answer_bytes
        self._lock = threading.Lock()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._forget)

    def ask(self, question: bytes, end: bytes, about: Path) -> bytes:
        """All that the tool prints up to ``end``.

        Raises:
            PermanentError: the file made it take too much time or memory, or made it break.
            RetryableError: it was ended from outside, or was busy with another file.
            SettingsError: it is not installed.
            StoppedError: the run is to end.
        """
        self._wait_for_turn(about)
        try:
            return self._answer(question, end, about)
        except BaseException:
            self.close()  # what it may still print would be taken for the next answer
            raise
        finally:
            self._lock.release()

    def _wait_for_turn(self, about: Path) -> None:
        while not self._lock.acquire(timeout=_LOOK_UP_SECONDS):
            try:
                deadline.check(f"waiting for {self._name} to read {about.name}")
            except PermanentError as error:  # it is another file that takes so long
                raise RetryableError(
                    f"{self._name} was busy with another file all the time that {about.name} had."
                ) from error

    def close(self) -> None:
        """End the process; the next question starts another."""
        ending, self.process = self.process, None
        if ending is None:
            return
        for pipe in (ending.stdin, ending.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        ending.kill()
        ending.wait()
        watchdog.forget(ending.pid)

    def _answer(self, question: bytes, end: bytes, about: Path) -> bytes:
        process = self._running()
        assert process.stdin
        try:
            process.stdin.write(question)
            process.stdin.flush()
        except OSError as error:
            raise RetryableError(f"{self._name} ended before it read {about.name}.") from error
        return self._read(process, end, about)

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, started if there is none or it died."""
        if self.process is not None and self.process.poll() is not None:
            self.close()
        if self.process is None:
            watchdog.ready()
            try:
                self.process = subprocess.Popen(
                    self._command(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={"LC_ALL": "C.UTF-8"},  # nothing of the user's: PERL5LIB, TZ
                    start_new_session=True,  # Ctrl-C is for us: it ends with us, not in mid-answer
                )
            except OSError as error:
                raise from_os_error(error, f"starting {self._name}") from error
            watchdog.watch(self.process.pid)
            self._bound(self.process.pid)
        return self.process

    def _bound(self, pid: int) -> None:
        if prlimit := getattr(resource, "prlimit", None):  # not on a Mac
            with contextlib.suppress(ProcessLookupError, PermissionError):
                prlimit(pid, resource.RLIMIT_AS, (self._memory_bytes, self._memory_bytes))

    def _read(self, process: subprocess.Popen[bytes], end: bytes, about: Path) -> bytes:
        assert process.stdout
        printed = bytearray()
        ready = select.poll()  # select() takes no descriptor above 1023
        ready.register(process.stdout, select.POLLIN)
        while not printed.endswith(end):
            deadline.check(f"{self._name} on {about.name}")
            if not ready.poll(1000 * _LOOK_UP_SECONDS):
                continue
            block = os.read(process.stdout.fileno(), 65536)
            if not block:
                raise self._broken(process, about)
            printed += block
            if len(printed) > self._answer_bytes:
                raise PermanentError(
                    f"{self._name} says more than {self._answer_bytes >> 20} MiB of {about.name}."
                )
        return bytes(printed[: -len(end)])

    def _broken(
        self, process: subprocess.Popen[bytes], about: Path
    ) -> PermanentError | RetryableError:
        """The error of a tool that ended in the middle of an answer."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_UP_SECONDS)
        if process.returncode in _FROM_OUTSIDE:
            return RetryableError(f"{self._name} ended while it read {about.name}.")
        return PermanentError(
            f"{self._name} broke on {about.name}, or needs more than "
            f"{self._memory_bytes >> 20} MiB of memory for it."
        )

    def _forget(self) -> None:
        """In a forked child: the process is the parent's."""
        self._lock = threading.Lock()
        inherited, self.process = self.process, None
        if inherited is not None:
            for pipe in (inherited.stdin, inherited.stdout):
                with contextlib.suppress(OSError):
                    if pipe:
                        pipe.close()
            inherited.returncode = 0  # it is not this process's to wait for
