"""How long the work at hand may still take.

A thread can't be stopped from outside (a `timeout_seconds` of Prefect left the child process
running), so what may last long asks: ffmpeg is given what is left as its limit, transcription
asks between pieces of speech, a download at each block.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from utils.errors import RetryableError

_end: ContextVar[tuple[float, float] | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the block ``seconds``."""
    token = _end.set((time.monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float | None:
    """Seconds left, at least 0.1; None where there is no limit."""
    end = _end.get()
    return None if end is None else max(0.1, end[0] - time.monotonic())


def check(what: str) -> None:
    """Give up if the time is over.

    Raises:
        RetryableError: it is.
    """
    end = _end.get()
    if end is not None and time.monotonic() > end[0]:
        raise late(what)


def late(what: str) -> RetryableError:
    """The error of ``what`` that took too long."""
    end = _end.get()
    limit = f"{end[1]:.0f} s" if end else "its limit"
    return RetryableError(
        f"{what} took more than {limit} and was ended. "
        "Raise NIGHTSHIFT_STEP_TIMEOUT_SECONDS for long files."
    )
