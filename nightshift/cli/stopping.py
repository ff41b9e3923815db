"""Ctrl-C, SIGTERM and a closed terminal end a run in seconds; what it had goes on next time.

Tools are ended at once, and the threads that wait for them give up. What hears of nothing (a
model in the middle of a sentence) is not waited for: the items are given back and the process
ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from nightshift.cli import server, watch
from nightshift.cli.output import errors
from utils import clock
from utils.observability import progress
from utils.processes import child_process, deadline
from utils.scheduling import run_session

# For what is in work to end by itself, Prefect's last words included, and then for the database:
# together less than the 5 s that are promised.
_SECONDS = 3.0
_LAST_SECONDS = 1.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Tell = Callable[[int], None]


class _Stop:
    """The end of a run before its time: ``signal`` says which one, ``tell`` prints the rest."""

    def __init__(self, run_id: str, tell: Tell) -> None:
        self.run_id, self.tell = run_id, tell
        self.tally = progress.Tally()
        self.signal: int | None = None
        self.once = threading.Lock()


@contextmanager
def heard(run_id: str, tell: Tell) -> Iterator[None]:
    """Have the run ``run_id`` of this process end soon after a signal asks for it.

    Args:
        run_id: Its items are given back; it may not have begun yet.
        tell: Prints what it came to, given the number of items that are left.
    """
    from prefect.exceptions import TerminationSignal  # SIGTERM, while a flow runs

    stop = _Stop(run_id, tell)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, frame: _hear(stop, number, frame))
    threading.Thread(target=_end_late, args=(stop,), name="stop", daemon=True).start()
    try:
        with progress.watching(stop.tally.hear):
            yield
    except (KeyboardInterrupt, TerminationSignal):
        _end(stop, _LAST_SECONDS)


def print_stopped(left: int) -> None:
    """Say on stderr that a run was stopped, and what becomes of the rest."""
    goes = "1 item goes" if left == 1 else f"{left} items go"
    print(f"Stopped; {goes} on next time." if left else "Stopped.", file=sys.stderr, flush=True)


def _hear(stop: _Stop, number: int, frame: FrameType | None) -> None:
    """The handler; what comes the second time waits for nothing."""
    again, stop.signal = stop.signal is not None, number
    child_process.end_all()
    if again:
        _end(stop, 0)
    signal.default_int_handler(number, frame)


def _end_late(stop: _Stop) -> None:
    """End the process if what it is to stop does not end by itself."""
    deadline.stopping.wait()
    if not server.died.is_set():  # that has an end of its own
        clock.wait(_SECONDS)
        _end(stop, _LAST_SECONDS)


def _end(stop: _Stop, patience: float) -> None:
    """Give back what the run has, say so, and end the process; whoever is second only ends it.

    Not by ``sys.exit``: Prefect would deliver its events first, and wait for its server.
    """
    if stop.once.acquire(timeout=patience):
        run_session.stop(stop.run_id, stop.tally.left)
        with suppress(OSError):  # the terminal may be gone
            watch.erase()
            errors.show_cursor()
            stop.tell(stop.tally.left)
            sys.stdout.flush()
    os._exit(128 + (stop.signal or signal.SIGTERM))
