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
from typing import NamedTuple

from utils import clock
from utils.errors import PermanentError, RetryableError, StoppedError

_LOOK_SECONDS = 0.25  # between two looks whether a pause is to end. Chosen.

# Set when this process is to end: nothing that asks goes on.
stopping = threading.Event()


class Limit(NamedTuple):
    """``seconds`` for something, what sets them, and whether the file is to blame if they pass.

    ``is_final``: the same file would take as long again, so that the error is permanent.
    """

    seconds: float
    setting: str = "NIGHTSHIFT_STEP_TIMEOUT_SECONDS"
    is_final: bool = False


_end: ContextVar[tuple[float, Limit] | None] = ContextVar("deadline", default=None)
_over: ContextVar[threading.Event | None] = ContextVar("over", default=None)


@contextmanager
def within(limit: float | Limit) -> Iterator[None]:
    """Give the block so many seconds."""
    given = limit if isinstance(limit, Limit) else Limit(limit)
    token = _end.set((clock.monotonic() + given.seconds, given))
    try:
        yield
    finally:
        _end.reset(token)


@contextmanager
def until(over: threading.Event) -> Iterator[None]:
    """Have the block end, at its next question, once another thread says that it is over."""
    token = _over.set(over)
    try:
        yield
    finally:
        _over.reset(token)


def left() -> float | None:
    """Seconds left, at least 0.1; None where there is no limit."""
    end = _end.get()
    return None if end is None else max(0.1, end[0] - clock.monotonic())


def check(what: str) -> None:
    """Give up if the time is over.

    Raises:
        PermanentError: it is, and that is the file's fault.
        RetryableError: it is.
        StoppedError: the process is to end, or the block that another thread ends.
    """
    if stopping.is_set():
        raise StoppedError(f"{what} was ended together with the run. Run again.")
    if _is_over():
        raise StoppedError(f"{what} was ended: its time is over.")
    end = _end.get()
    if end is not None and clock.monotonic() > end[0]:
        raise exceeded(what)


def exceeded(what: str) -> PermanentError | RetryableError:
    """The error of ``what`` that took too long."""
    end = _end.get()
    limit = end[1] if end else Limit(0)
    kind = PermanentError if limit.is_final else RetryableError
    return kind(
        f"{what} took more than {f'{limit.seconds:.0f} s' if end else 'its limit'} and was ended. "
        f"Raise {limit.setting} for files that need longer."
    )


def pause(seconds: float) -> None:
    """Sleep, but not beyond the end of the process, or of a block that another thread ends.

    Raises:
        StoppedError: it is to end.
    """
    while True:
        piece = seconds if _over.get() is None else min(seconds, _LOOK_SECONDS)
        if stopping.wait(piece):
            raise StoppedError("The run was ended. Run again.")
        if _is_over():
            raise StoppedError("It was ended: its time is over.")
        seconds -= piece
        if seconds <= 0:
            return


def _is_over() -> bool:
    over = _over.get()
    return over is not None and over.is_set()
