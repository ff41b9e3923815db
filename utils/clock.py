"""What time it is, and waiting: tests replace the clock here, so that a night takes a moment.

The wall clock says whether a window is open; how long something has lasted is asked of the
monotonic clock, which no correction of the time can move.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """The wall clock (UTC), seconds that only grow, and a wait of some seconds."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    wait: Callable[[float], None]


def _wait(seconds: float) -> None:
    """Sleep in short pieces: an exception from another thread arrives between two of them."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))


_clock = Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic, wait=_wait)


def now() -> datetime:
    """The present moment, in UTC."""
    return _clock.now()


def monotonic() -> float:
    """Seconds since some moment; they never jump."""
    return _clock.monotonic()


def wait(seconds: float) -> None:
    """Let so many seconds pass; Ctrl-C and Prefect's cancellation end it at once."""
    _clock.wait(seconds)


@contextmanager
def set_to(clock: Clock) -> Iterator[None]:
    """Have everything in this process go by another clock while the block lasts."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield
    finally:
        _clock = before
