"""What happens, told to whoever watches: a bar, plain lines, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Begun(NamedTuple):
    """A run knows how many items it has."""

    total: int


class Stepping(NamedTuple):
    """An item enters a step."""

    item_id: str
    title: str
    label: str


class Advancing(NamedTuple):
    """An item is so far (0–1) through the step that it is in."""

    item_id: str
    title: str
    label: str
    share: float


class Reading(NamedTuple):
    """So much (0–1) of a large file has been read, of which it is not known yet what it is."""

    path: Path
    share: float


class Settled(NamedTuple):
    """An item is through."""

    item_id: str
    title: str
    outcome: str
    detail: str


class Paused(NamedTuple):
    """Nothing more is begun for the moment, and why; ``item_id`` is what met the reason."""

    reason: str
    item_id: str | None = None


Event = Begun | Stepping | Advancing | Reading | Settled | Paused


class Tally:
    """How many items are left of what a run began with; ``hear`` is a watcher."""

    def __init__(self) -> None:
        self._total, self._settled = 0, 0

    def hear(self, event: Event) -> None:
        """Count what an event says."""
        self._total += event.total if isinstance(event, Begun) else 0
        self._settled += isinstance(event, Settled)

    @property
    def left(self) -> int:
        """Items that are not through."""
        return max(0, self._total - self._settled)


_watchers: list[Callable[[Event], None]] = []


def emit(event: Event) -> None:
    """Tell every watcher; called from the threads that do the work."""
    for watcher in tuple(_watchers):
        watcher(event)


def reading(path: Path, share: float) -> None:
    """Tell how far the reading of a file is."""
    emit(Reading(path, share))


@contextmanager
def watching(watcher: Callable[[Event], None]) -> Iterator[None]:
    """Have ``watcher`` told of everything in this process while the block lasts."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
