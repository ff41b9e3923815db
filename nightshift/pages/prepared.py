"""What takes longer than a page may: made beside the requests, and kept for a while.

A page shows what was made last, or that it is being made; it never waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from utils import clock
from utils.errors import NightShiftError

T = TypeVar("T")
_MOST = 64  # values that are kept of each kind

_log = logging.getLogger(__name__)
# Two at once: a server that does not answer (Prefect's) must not hold up what needs none.
_threads = ThreadPoolExecutor(2, thread_name_prefix="prepared")
_making: set[Future[None]] = set()


def finish() -> None:
    """Wait until nothing is being made any more: the home is about to be left."""
    wait(list(_making))


def _made(making: Future[None]) -> None:
    _making.discard(making)
    if error := making.exception():  # a bug, which would be seen nowhere
        _log.error("What a page shows could not be made.", exc_info=error)


class _Value(NamedTuple, Generic[T]):
    made: T | None
    at: float


class Prepared(Generic[T]):
    """Values by key, each made again when it is older than ``seconds`` and asked for."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._lock = seconds, Lock()
        self._values: dict[Hashable, _Value[T]] = {}
        self._begun: set[Hashable] = set()

    def get(self, key: Hashable, make: Callable[[], T]) -> T | None:
        """The value; one that is too old while the next is made; None until there is one."""
        with self._lock:
            known = self._values.get(key)
            is_old = known is None or clock.monotonic() - known.at > self._seconds
            if is_old and key not in self._begun:
                self._begun.add(key)
                making = _threads.submit(self._make, key, make)
                _making.add(making)
                making.add_done_callback(_made)
        return known.made if known else None

    def is_made(self, key: Hashable) -> bool:
        """True if there is a value, or it was tried and could not be made."""
        with self._lock:
            return key in self._values

    def is_being_made(self, key: Hashable) -> bool:
        """True while the next value is made."""
        with self._lock:
            return key in self._begun

    def _make(self, key: Hashable, make: Callable[[], T]) -> None:
        made: T | None = None
        try:
            made = make()
        except NightShiftError as error:
            _log.warning("What a page shows could not be made: %s", error)
        finally:
            with self._lock:
                self._begun.discard(key)
                self._values[key] = _Value(made, clock.monotonic())
                while len(self._values) > _MOST:
                    self._values.pop(next(iter(self._values)))
