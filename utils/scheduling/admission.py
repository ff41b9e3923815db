"""Admission: which item of a shift may start now, which waits, and what is postponed.

An item starts when there is a place, when nobody has paused the shifts, when its predicted time
fits into what is left of the window, and when the disk has room for it beside those in work. What
does not fit into the window is postponed at once; smaller ones behind it may still start. What is
in work goes on to its end, whatever keeps others from starting.

A lack of disk or memory (``ResourceError``) stops admission: the item that met it goes to the end
of the queue, and once there is room again the next one tries it alone. If it does well, all goes
on; if the lack outlasts its limit, the shift ends and what waits is postponed.

All waiting is done by the thread that maps the work: what waits is a row in a queue, neither
Running in Prefect's eyes nor in any lane.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import humanize

from utils import clock
from utils.db import flags
from utils.db.session import session
from utils.errors import NightShiftError, ResourceError, StoppedError, from_os_error
from utils.models.window import Window
from utils.observability import progress
from utils.scheduling.window import opening

W = TypeVar("W")

# How often the wait for an item's end looks up: Ctrl-C and a cancellation are heard by then.
_LOOK_SECONDS = 0.25
# Between two looks at the disk and at the pause. Chosen.
POLL_SECONDS = 5.0

_PAUSED, _NO_ROOM, _SHORTAGE = "paused", "no room", "shortage"


class Need(NamedTuple):
    """What an item will take: seconds (0 where no window asks) and room on the disk."""

    seconds: float
    size_bytes: int


class Limits(NamedTuple):
    """What admission keeps to; waits in seconds. ``min_free_bytes`` 0: the disk is not watched."""

    home: Path
    min_free_bytes: int
    pause_wait: float
    room_wait: float
    window: Window | None = None


class _Obstacle(NamedTuple):
    """Why nothing may start now, and for how many seconds at most that is waited out."""

    kind: str
    reason: str
    limit: float


class _Shortage(NamedTuple, Generic[W]):
    """A lack that an item met, and when the next one may try whether it is over."""

    work: W
    error: ResourceError
    delay: float
    retry_at: float


class Admission(Generic[W]):
    """Admits ``works`` one after another, ``concurrency`` at once.

    Once ``admitted`` has ended: ``postponed`` is what was not begun or is to be begun anew,
    ``reason`` why, and ``fault`` what the machine had no room for, if anything.

    ``_in_work`` and ``_ended`` are changed by the threads that do the work, under ``_changed``;
    all else belongs to the thread that admits.
    """

    def __init__(
        self, works: Sequence[W], concurrency: int, limits: Limits, need: Callable[[W], Need]
    ) -> None:
        self.postponed: list[W] = []
        self.reason: str | None = None
        self.fault: tuple[W, ResourceError] | None = None
        self._queue, self._concurrency = list(works), concurrency
        self._limits, self._need = limits, need
        self._needs: dict[W, Need] = {}
        self._in_work: dict[W, Need] = {}
        self._ended: list[tuple[W, object]] = []
        self._shortage: _Shortage[W] | None = None
        self._probe: W | None = None
        self._short: set[W] = set()
        self._failed_before: set[W] = set()
        self._stopped_since: dict[str, float] = {}
        self._announced: str | None = None
        self._stop_reason: str | None = None
        self._changed = threading.Condition()

    def admitted(self) -> Iterator[W]:
        """What may start, when it may; ``ended`` must be told when it is through."""
        while True:
            self._take_ended()
            self._postpone_what_is_late()
            if len(self._in_work) >= self._slots:
                self._wait_for_an_end()
            elif not self._queue:
                if self._is_idle():
                    return
                self._wait_for_an_end()
            elif obstacle := self._paused() or self._shortage_obstacle():
                self._wait_out(obstacle)
            elif (work := next(filter(self._has_room, self._queue), None)) is None:
                self._wait_out(self._no_room())
            else:
                self._begin(work)
                yield work

    def ended(self, work: W, error: object) -> bool:
        """Note that a work is through; True if it is kept, to be tried again or postponed.

        Called from the thread that did the work; ``error`` is None if there was none.
        """
        with self._changed:
            del self._in_work[work]
            self._ended.append((work, error))
            self._changed.notify()
        return _shortage_of(error) is not None

    @property
    def _slots(self) -> int:
        return 1 if self._shortage else self._concurrency

    def _is_idle(self) -> bool:
        with self._changed:
            return not self._in_work and not self._ended

    def _take_ended(self) -> None:
        with self._changed:
            ended, self._ended = self._ended, []
        for work, error in ended:
            if lack := _shortage_of(error):
                self._note_shortage(work, lack)
            elif isinstance(error, StoppedError):
                self._stop_reason = str(error)
            elif work == self._probe:  # there is room again
                self._shortage, self._probe = None, None
                self._failed_before |= self._short
                self._stopped_since.pop(_SHORTAGE, None)

    def _begin(self, work: W) -> None:
        self._queue.remove(work)
        self._probe = work if self._shortage else None
        self._announced = None
        for kind in (_PAUSED, _NO_ROOM):
            self._stopped_since.pop(kind, None)
        with self._changed:
            self._in_work[work] = self._need_of(work)

    def _note_shortage(self, work: W, lack: ResourceError) -> None:
        # Each wait twice the last: what fails only after an hour is not begun every 5 s.
        delay = 2 * self._shortage.delay if self._shortage else POLL_SECONDS
        self._shortage = _Shortage(work, lack, delay, clock.monotonic() + delay)
        if work in self._failed_before:  # others had room since: this one asks too much
            self._postpone([work], str(lack))
            self.fault = self.fault or (work, lack)
        else:
            self._short.add(work)
            self._queue.append(work)

    def _postpone_what_is_late(self) -> None:
        """Postpone what can't be through before the window closes."""
        if self._stop_reason:
            self._postpone(self._queue, self._stop_reason)
        window = self._limits.window
        if not window or not self._queue:
            return
        now = clock.now()
        open_now = opening(window, now)
        left = (open_now.end - now).total_seconds() if open_now else 0.0
        if left <= 0:
            self._postpone(self._queue, f"the window {window} has closed")
        else:
            late = [work for work in self._queue if self._need_of(work).seconds > left]
            self._postpone(late, f"did not fit before the window {window} closes")

    def _paused(self) -> _Obstacle | None:
        with suppress(NightShiftError), session() as s:  # a database that is away pauses nothing
            if reason := flags.why_paused(s):
                return _Obstacle(_PAUSED, reason, self._limits.pause_wait)
        return None

    def _shortage_obstacle(self) -> _Obstacle | None:
        shortage = self._shortage
        if shortage is None or clock.monotonic() >= shortage.retry_at:
            return None
        return _Obstacle(_SHORTAGE, str(shortage.error), self._limits.room_wait)

    def _no_room(self) -> _Obstacle:
        need = min(self._need_of(work).size_bytes for work in self._queue)
        message = (
            f"{self._limits.home} has {_size(self._free)} free: an item may need {_size(need)}, "
            f"and {_size(self._limits.min_free_bytes)} stay free (NIGHTSHIFT_MIN_FREE_BYTES)"
        )
        return _Obstacle(_NO_ROOM, message, self._limits.room_wait)

    def _has_room(self, work: W) -> bool:
        if not self._limits.min_free_bytes:
            return True
        with self._changed:  # a work may end meanwhile, in another thread
            promised = sum(need.size_bytes for need in self._in_work.values())
        wanted = self._limits.min_free_bytes + self._need_of(work).size_bytes
        return self._free - promised >= wanted

    @property
    def _free(self) -> int:
        try:
            return shutil.disk_usage(self._limits.home).free
        except OSError as error:
            raise from_os_error(error, f"looking for room in {self._limits.home}") from error

    def _wait_out(self, obstacle: _Obstacle) -> None:
        """Wait a little and admit nothing; what is in work does not count as waiting."""
        if obstacle.kind != self._announced:
            self._announced = obstacle.kind
            progress.emit(progress.Paused(obstacle.reason))
        if self._in_work:
            self._wait_for_an_end()
            return
        now = clock.monotonic()
        rest = obstacle.limit - (now - self._stopped_since.setdefault(obstacle.kind, now))
        if rest > 0:
            clock.wait(min(POLL_SECONDS, rest))
            return
        if obstacle.kind != _PAUSED:
            shortage = self._shortage
            work, error = (shortage.work, shortage.error) if shortage else (self._queue[0], None)
            self.fault = self.fault or (work, error or ResourceError(f"{obstacle.reason}."))
        self._postpone(self._queue, obstacle.reason)

    def _wait_for_an_end(self) -> None:
        """Wait until an item is through, or it is time to look again."""
        with self._changed:
            for _ in range(round(POLL_SECONDS / _LOOK_SECONDS)):
                if self._ended:
                    return
                self._changed.wait(_LOOK_SECONDS)

    def _postpone(self, works: Sequence[W], reason: str) -> None:
        gone = set(works)
        if gone:
            self.postponed += works
            self._queue = [work for work in self._queue if work not in gone]
            self.reason = reason

    def _need_of(self, work: W) -> Need:
        if work not in self._needs:
            self._needs[work] = self._need(work)
        return self._needs[work]


def _shortage_of(error: object) -> ResourceError | None:
    """The lack that ended a work; None if it was something else."""
    if isinstance(error, MemoryError):
        return ResourceError("Memory ran out. Fewer items at once (--concurrency) need less.")
    return error if isinstance(error, ResourceError) else None


def _size(size_bytes: int) -> str:
    return humanize.naturalsize(size_bytes, binary=True)
