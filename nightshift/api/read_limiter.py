"""Short reads take turns: at once they take twice the CPU, and each of them longer.

Python computes in one thread at a time, and SQLite lets go of it for each row: threads that read
beside each other hand it to and fro. Who waits for a turn holds no thread, and is heard in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from utils.config import load_settings

P = ParamSpec("P")
T = TypeVar("T")
# Of 100,000 items, 20 requests at once: lists took 97 ms one at a time, 102 two, 236 fourteen
# (docs/decisions/0043). A server is waited for, and Python computes for others meanwhile.
AT_ONCE, AT_ONCE_OF_A_SERVER = 1, 4

_reads: RunVar[CapacityLimiter] = RunVar("reads")  # of an event loop


def limited_read(read: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """An endpoint that reads a little, in a thread, when it is its turn."""

    @wraps(read)
    async def waiting(*args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(partial(read, *args, **kwargs), limiter=_limiter())

    return waiting


def _limiter() -> CapacityLimiter:
    try:
        return _reads.get()
    except LookupError:
        is_file = load_settings().sqlalchemy_url.startswith("sqlite")
        _reads.set(made := CapacityLimiter(AT_ONCE if is_file else AT_ONCE_OF_A_SERVER))
        return made
