"""How long the work at hand may still take.

A thread can't be stopped from outside (a `timeout_seconds` of Prefect left the child process
running), so what may last long asks: ffmpeg is given what is left as its limit, transcription
asks between pieces of speech, a download at each block. The same question is answered by the
end of the whole process, when a person or a worker cancels it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from utils import clock
from utils.errors import RetryableError, StoppedError

# Set when this process is to end: nothing that asks goes on.
stopping = threading.Event()

_end: ContextVar[tuple[float, float] | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the block ``seconds``."""
    token = _end.set((clock.monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float | None:
    """Seconds left, at least 0.1; None where there is no limit."""
    end = _end.get()
    return None if end is None else max(0.1, end[0] - clock.monotonic())


def check(what: str) -> None:
    """Give up if the time is over.

    Raises:
        RetryableError: it is.
        StoppedError: the process is to end.
    """
    if stopping.is_set():
        raise StoppedError(f"{what} was ended together with the run. Run again.")
    end = _end.get()
    if end is not None and clock.monotonic() > end[0]:
        raise exceeded(what)


def exceeded(what: str) -> RetryableError:
    """The error of ``what`` that took too long."""
    end = _end.get()
    limit = f"{end[1]:.0f} s" if end else "its limit"
    return RetryableError(
        f"{what} took more than {limit} and was ended. "
        "Raise NIGHTSHIFT_STEP_TIMEOUT_SECONDS for long files."
    )


def pause(seconds: float) -> None:
    """Sleep, but not beyond the end of the process.

    Raises:
        StoppedError: the process is to end.
    """
    if stopping.wait(seconds):
        raise StoppedError("The run was ended. Run again.")
