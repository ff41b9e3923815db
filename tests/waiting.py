"""Waiting for what another thread or process does: until it happened, or it is too late."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")
# What a test waits for comes within a second or two; a machine that has other work to do as well
# gets so much longer before it is called a failure. Chosen.
PATIENCE_SECONDS = 60.0


def until(
    happens: Callable[[], T],
    what: str,
    seconds: float = PATIENCE_SECONDS,
    every: float = 0.02,
) -> T:
    """The first true answer of ``happens``; an AssertionError that names ``what`` after so long.

    Args:
        happens: Asked again and again, in this thread.
        what: For the message.
        seconds: Until it is given up.
        every: Seconds between two questions.
    """
    end = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(every)
    return found


def has_ended(pid: int) -> bool:
    """True if the process is gone, or dead and only not reaped yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until_ended(pid: int, seconds: float = PATIENCE_SECONDS) -> None:
    """Until the process is no more: a kill needs a moment to arrive."""
    until(lambda: has_ended(pid), f"the end of process {pid}", seconds)
