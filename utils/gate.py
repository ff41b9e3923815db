"""The gate of a shift: which item may start now, which waits, and what is left over.

An item starts when there is a place, when nobody has paused the shifts, when its predicted time
fits into what is left of the window, and when the disk has room for it beside those in work. What
does not fit into the window is left over at once; smaller ones behind it may still start. Nothing
starts while the gate is closed, and what is in work goes on to its end.

A lack of disk or memory (``ResourceError``) closes the gate: the item that met it goes to the end
of the queue, and once there is room again the next one tries it alone. If it does well, all goes
on; if the lack outlasts its limit, the shift ends and what waits is left over.

All waiting is done by the thread that hands out the work: what waits is a row in a queue, neither
Running in Prefect's eyes nor in any lane.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import humanize

from utils import clock, progress
from utils.db import flags
from utils.db.session import session
from utils.errors import NightShiftError, ResourceError, StoppedError, from_os_error
from utils.window import Window, opening

W = TypeVar("W")

# How often the wait for an item's end looks up: Ctrl-C and a cancellation are heard by then.
_LOOK_SECONDS = 0.25
# Between two looks at the disk and at the pause. Chosen.
POLL_SECONDS = 5.0

_PAUSED, _ROOM, _TROUBLE = "paused", "room", "trouble"


class Need(NamedTuple):
    """What an item will take: seconds (0 where no window asks) and room on the disk."""

    seconds: float
    size_bytes: int


class Limits(NamedTuple):
    """What the gate keeps to; waits in seconds. ``min_free_bytes`` 0: the disk is not watched."""

    home: Path
    min_free_bytes: int
    pause_wait: float
    room_wait: float
    window: Window | None = None


class _Closed(NamedTuple):
    """Why nothing may start now, for how many seconds at most that is waited out, and for whom."""

    kind: str
    reason: str
    limit: float


class _Trouble(NamedTuple, Generic[W]):
    """A lack that an item met, and when the next one may try whether it is over."""

    work: W
    error: ResourceError
    delay: float
    retry_at: float


class Gate(Generic[W]):
    """Hands out ``works`` one after another, ``concurrency`` at once.

    Once ``admitted`` has ended: ``left`` is what was not begun or is to be begun anew, ``reason``
    why, and ``fault`` what the machine had no room for, if anything.
    """

    def __init__(
        self, works: Sequence[W], concurrency: int, limits: Limits, need: Callable[[W], Need]
    ) -> None:
        self.left: list[W] = []
        self.reason: str | None = None
        self.fault: tuple[W, ResourceError] | None = None
        self._queue, self._concurrency = list(works), concurrency
        self._limits, self._need = limits, need
        self._needs: dict[W, Need] = {}
        self._in_work: dict[W, Need] = {}
        self._ended: list[tuple[W, object]] = []
        self._trouble: _Trouble[W] | None = None
        self._trying: W | None = None
        self._short: set[W] = set()
        self._short_before: set[W] = set()
        self._closed_since: dict[str, float] = {}
        self._told: str | None = None
        self._stopped: str | None = None
        self._changed = threading.Condition()

    def admitted(self) -> Iterator[W]:
        """What may start, when it may; ``ended`` must be told when it is through."""
        while True:
            self._hear_what_ended()
            self._leave_what_is_late()
            if len(self._in_work) >= self._places:
                self._wait_for_an_end()
            elif not self._queue:
                if self._is_idle():
                    return
                self._wait_for_an_end()
            elif closed := self._paused() or self._troubled():
                self._hold(closed)
            elif (work := next(filter(self._has_room, self._queue), None)) is None:
                self._hold(self._no_room())
            else:
                self._begin(work)
                yield work

    def ended(self, work: W, error: object) -> bool:
        """Note that a work is through; True if the gate keeps it, to try it again or leave it.

        Called from the thread that did the work; ``error`` is None if there was none.
        """
        with self._changed:
            del self._in_work[work]
            self._ended.append((work, error))
            self._changed.notify()
        return _lack(error) is not None

    @property
    def _places(self) -> int:
        return 1 if self._trouble else self._concurrency

    def _is_idle(self) -> bool:
        with self._changed:
            return not self._in_work and not self._ended

    def _hear_what_ended(self) -> None:
        with self._changed:
            ended, self._ended = self._ended, []
        for work, error in ended:
            if lack := _lack(error):
                self._note_lack(work, lack)
            elif isinstance(error, StoppedError):
                self._stopped = str(error)
            elif work == self._trying:  # there is room again
                self._trouble, self._trying = None, None
                self._short_before |= self._short
                self._closed_since.pop(_TROUBLE, None)

    def _begin(self, work: W) -> None:
        self._queue.remove(work)
        self._trying = work if self._trouble else None
        self._told = None
        for kind in (_PAUSED, _ROOM):
            self._closed_since.pop(kind, None)
        with self._changed:
            self._in_work[work] = self._what(work)

    def _note_lack(self, work: W, lack: ResourceError) -> None:
        # Each wait twice the last: what fails only after an hour is not begun every 5 s.
        delay = 2 * self._trouble.delay if self._trouble else POLL_SECONDS
        self._trouble = _Trouble(work, lack, delay, clock.monotonic() + delay)
        if work in self._short_before:  # others had room since: this one asks too much
            self._leave([work], str(lack))
            self.fault = self.fault or (work, lack)
        else:
            self._short.add(work)
            self._queue.append(work)

    def _leave_what_is_late(self) -> None:
        """Leave over what can't be through before the window closes."""
        if self._stopped:
            self._leave(self._queue, self._stopped)
        window = self._limits.window
        if not window or not self._queue:
            return
        now = clock.now()
        open_now = opening(window, now)
        left = (open_now.end - now).total_seconds() if open_now else 0.0
        if left <= 0:
            self._leave(self._queue, f"the window {window} has closed")
        else:
            late = [work for work in self._queue if self._what(work).seconds > left]
            self._leave(late, f"did not fit before the window {window} closes")

    def _paused(self) -> _Closed | None:
        with suppress(NightShiftError), session() as s:  # a database that is away pauses nothing
            if reason := flags.why_paused(s):
                return _Closed(_PAUSED, reason, self._limits.pause_wait)
        return None

    def _troubled(self) -> _Closed | None:
        trouble = self._trouble
        if trouble is None or clock.monotonic() >= trouble.retry_at:
            return None
        return _Closed(_TROUBLE, str(trouble.error), self._limits.room_wait)

    def _no_room(self) -> _Closed:
        need = min(self._what(work).size_bytes for work in self._queue)
        message = (
            f"{self._limits.home} has {_size(self._free)} free: an item may need {_size(need)}, "
            f"and {_size(self._limits.min_free_bytes)} stay free (NIGHTSHIFT_MIN_FREE_BYTES)"
        )
        return _Closed(_ROOM, message, self._limits.room_wait)

    def _has_room(self, work: W) -> bool:
        if not self._limits.min_free_bytes:
            return True
        promised = sum(need.size_bytes for need in self._in_work.values())
        wanted = self._limits.min_free_bytes + self._what(work).size_bytes
        return self._free - promised >= wanted

    @property
    def _free(self) -> int:
        try:
            return shutil.disk_usage(self._limits.home).free
        except OSError as error:
            raise from_os_error(error, f"looking for room in {self._limits.home}") from error

    def _hold(self, closed: _Closed) -> None:
        """Wait a little with the gate closed; what is in work does not count as waiting."""
        if closed.kind != self._told:
            self._told = closed.kind
            progress.tell(progress.Held(closed.reason))
        if self._in_work:
            self._wait_for_an_end()
            return
        now = clock.monotonic()
        rest = closed.limit - (now - self._closed_since.setdefault(closed.kind, now))
        if rest > 0:
            clock.wait(min(POLL_SECONDS, rest))
            return
        if closed.kind != _PAUSED:
            trouble = self._trouble
            work, error = (trouble.work, trouble.error) if trouble else (self._queue[0], None)
            self.fault = self.fault or (work, error or ResourceError(f"{closed.reason}."))
        self._leave(self._queue, closed.reason)

    def _wait_for_an_end(self) -> None:
        """Wait until an item is through, or it is time to look again."""
        look_again = time.monotonic() + POLL_SECONDS
        with self._changed:
            while not self._ended and time.monotonic() < look_again:
                self._changed.wait(_LOOK_SECONDS)

    def _leave(self, works: Sequence[W], reason: str) -> None:
        gone = set(works)
        if gone:
            self.left += works
            self._queue = [work for work in self._queue if work not in gone]
            self.reason = reason

    def _what(self, work: W) -> Need:
        if work not in self._needs:
            self._needs[work] = self._need(work)
        return self._needs[work]


def _lack(error: object) -> ResourceError | None:
    """The lack that ended a work; None if it was something else."""
    if isinstance(error, MemoryError):
        return ResourceError("Memory ran out. Fewer items at once (--concurrency) need less.")
    return error if isinstance(error, ResourceError) else None


def _size(size_bytes: int) -> str:
    return humanize.naturalsize(size_bytes, binary=True)
