"""Pauses between two downloads of one source, in this process: one at a time, and then a rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from utils import clock
from utils.processes import deadline

_guard = threading.Lock()
_turns: dict[str, threading.Lock] = {}
_next: dict[str, float] = {}
_STEP_SECONDS = 1.0  # of waiting for another download: so soon the end of the process is heard


@contextmanager
def paced(source: str | None, seconds: float) -> Iterator[None]:
    """Have the block begin ``seconds`` after the last one of the same source ended.

    Raises:
        StoppedError: the process is to end.
    """
    if source is None or seconds <= 0:
        yield
        return
    with _guard:
        turn = _turns.setdefault(source, threading.Lock())
    while not turn.acquire(timeout=_STEP_SECONDS):
        deadline.pause(0)
    try:
        rest = _next.get(source, 0.0) - clock.monotonic()
        if rest > 0:
            deadline.pause(rest)
        yield
    finally:
        _next[source] = clock.monotonic() + seconds
        turn.release()
