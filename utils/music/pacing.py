"""Requests to a service at the rate that it allows, counted over all workers of all machines.

Slots come from the database (utils/db/request_slots.py), a little further apart than they would
have to be, so that a process that wakes up late does not get close to the next one.
"""

from __future__ import annotations

from typing import NamedTuple

from utils import clock
from utils.db import request_slots
from utils.db.session import session
from utils.processes import deadline

# By what slots are further apart than the rate says, and how late one may be used: within it no
# two requests are closer than the rate allows.
_MARGIN = 0.05
_SHORTEST_MARGIN_SECONDS = 0.01  # below it a busy machine wakes nobody in time
_SHORTEST_WAIT_SECONDS = 0.5  # of a service that refuses and does not say for how long
_LONGEST_STEP_SECONDS = 30.0


class Pace(NamedTuple):
    """A service, and how many requests a second it allows of all workers together."""

    service: str
    per_second: float

    @property
    def slot_seconds(self) -> float:
        """From one slot to the next."""
        return (1 + _MARGIN) / self.per_second


def await_turn(pace: Pace, ends_at: float | None = None) -> bool:
    """Wait until a request may be sent; False, at once, if that is not before ``ends_at``.

    Args:
        pace: The service and its rate.
        ends_at: A moment of the monotonic clock.

    Raises:
        StoppedError: the process is to end.
    """
    while True:
        with session() as s:
            wait = request_slots.take(s, pace.service, pace.slot_seconds)
        slot = clock.monotonic() + wait
        if ends_at is not None and slot >= ends_at:
            return False
        while (left := slot - clock.monotonic()) > 0:
            deadline.pause(min(left, _LONGEST_STEP_SECONDS))
        late = clock.monotonic() - slot
        if late <= max(_MARGIN / pace.per_second, _SHORTEST_MARGIN_SECONDS):
            return True


def hold(pace: Pace, seconds: float | None, tries: int) -> float:
    """Have no worker send anything for a while: the service refused; returns for how long.

    Args:
        pace: Of the service.
        seconds: What it named; None where it named nothing.
        tries: How often it has refused: where nothing is named, the wait doubles.
    """
    wanted = seconds or max(1 / pace.per_second, _SHORTEST_WAIT_SECONDS) * 2 ** min(tries, 6)
    held = min(wanted, request_slots.MAX_HOLD_SECONDS)
    with session() as s:
        request_slots.hold(s, pace.service, held)
    return held
