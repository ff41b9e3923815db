"""How much memory a tool may take for the work at hand: what a file makes it do is bounded.

The bound is RLIMIT_DATA, on Linux: what a process may write to, without the files that it maps.
(RLIMIT_AS counts reserved addresses too, of which a tool with many threads has gigabytes.) A stack
of 8 MiB a thread counts, so that a bound must not be tight.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

# What ffmpeg prints of a file's tags is information: a title may say anything.
_REFUSED = re.compile(r"^(?!.*\[info\] ).*(Cannot allocate memory|bad_alloc)", re.MULTILINE)


class Bound(NamedTuple):
    """``size_bytes`` for a tool, and the setting that says so."""

    size_bytes: int
    setting: str


_bound: ContextVar[Bound | None] = ContextVar("memory", default=None)


@contextmanager
def within(bound: Bound) -> Iterator[None]:
    """Give the tools of the block so much memory, each of them."""
    token = _bound.set(bound)
    try:
        yield
    finally:
        _bound.reset(token)


def bind(pid: int) -> None:
    """Bound a tool that has just started; on a Mac nothing does."""
    bound, prlimit = _bound.get(), getattr(resource, "prlimit", None)
    if bound and prlimit:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            prlimit(pid, resource.RLIMIT_DATA, (bound.size_bytes, bound.size_bytes))


def give_back() -> None:
    """Give what was freed back to the system, where it is glibc's: it keeps much of it."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def exceeded(stderr: str) -> str | None:
    """That a tool which said so needs more memory than it may take, in words; None if it does not.

    ffmpeg may go on after a frame that it had no memory for, and end well.
    """
    bound = _bound.get()
    if bound is None or not _REFUSED.search(stderr):
        return None
    return (
        f"needs more than {bound.size_bytes >> 20} MiB of memory. Is the file damaged? "
        f"Raise {bound.setting} for files that need more."
    )
