"""Lanes: how many steps of a class run at once in this process, and when one may start.

A lane is taken *before* Prefect's task begins, so that a step that waits is neither Running
nor holds a slot of the server. On a self-hosted server the same numbers are tag limits
(deployments/register.py), which hold across workers.

A lane that talks to a service cools down when the service throttles one of its steps:
nothing starts in it before the delay is over, in this process and in all that share the
database. It goes on with half its places and wins one back with each step that succeeds
(docs/decisions/0018).
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from threading import Condition
from types import TracebackType

from utils import clock
from utils.config import load_settings
from utils.db import throttles
from utils.db.session import session
from utils.errors import RetryableError, ThrottledError
from utils.processes import deadline

# The lanes whose steps ask services; others are never slowed and never ask the database.
SERVICES = frozenset({"ai", "download", "upload"})

# No service makes us wait for longer than this (chosen).
MAX_DELAY_SECONDS = 300.0
_MAX_UNNAMED_SECONDS = 60.0
# How often a wait looks up for a Ctrl-C or Prefect's cancellation, which no lock would hear.
_LOOK_UP_SECONDS = 0.25


class Lane:
    """The places of a lane. ``with`` takes one, and hears what came of the step in it."""

    def __init__(self, name: str, width: int) -> None:
        self._name, self._width = name, width
        self._open = width  # how many of the places may be taken at present
        self._taken = 0
        self._cool_until = 0.0  # by clock.monotonic()
        self._unnamed = 0  # throttles in a row for which the service named no delay
        self._changed = Condition()

    @property
    def free(self) -> int:
        """Places that a step could take now."""
        with self._changed:
            return 0 if self._cooldown() else max(0, self._open - self._taken)

    def __enter__(self) -> None:
        """Wait for a place and for the end of a cooldown, holding nothing meanwhile."""
        while True:
            self._wait()
            shared = self._shared_cooldown()
            with self._changed:
                if shared:
                    self._cool_until = max(self._cool_until, clock.monotonic() + shared)
                elif self._may_start():
                    self._taken += 1
                    return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the place back; a ``ThrottledError`` cools the whole lane down."""
        cooldown = None
        with self._changed:
            self._taken -= 1
            if isinstance(error, ThrottledError) and self._name in SERVICES:
                cooldown = self._throttle(error.retry_after_seconds)
            elif error is None:
                self._open = min(self._width, self._open + 1)
                self._unnamed = 0
            self._changed.notify_all()
        if cooldown is not None:  # others hear of it from the database, or else from the service
            with suppress(RetryableError), session() as s:
                throttles.throttle(s, self._name, cooldown, str(error))

    def _throttle(self, named: float | None) -> float:
        """Cool down as long as the service wants, else 1, 2, 4 … 60 s; returns seconds."""
        delay = min(2.0**self._unnamed, _MAX_UNNAMED_SECONDS) if named is None else named
        delay = min(delay, MAX_DELAY_SECONDS)
        if not self._cooldown():  # steps that began together are throttled together: that is one
            self._open = max(1, self._open // 2)
            self._unnamed += named is None
        self._cool_until = max(self._cool_until, clock.monotonic() + delay)
        return delay

    def _wait(self) -> None:
        while True:
            deadline.check("waiting for its turn")
            with self._changed:
                if self._may_start():
                    return
                cooldown = self._cooldown()
                if not cooldown:
                    self._changed.wait(_LOOK_UP_SECONDS)
            if cooldown:
                clock.wait(min(_LOOK_UP_SECONDS, cooldown))

    def _may_start(self) -> bool:
        return self._taken < self._open and not self._cooldown()

    def _cooldown(self) -> float:
        return max(0.0, self._cool_until - clock.monotonic())

    def _shared_cooldown(self) -> float:
        """For how many seconds another process wants the lane to cool down."""
        if self._name not in SERVICES:
            return 0.0
        with session() as s:
            return min(throttles.cooldown(s, self._name), MAX_DELAY_SECONDS)


@cache
def lane(name: str) -> Lane:
    """The lane of this process, as wide as the settings say when it is first asked for."""
    return Lane(name, getattr(load_settings().lanes, name))
