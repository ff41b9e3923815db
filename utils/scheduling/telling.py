"""A run's process says how far it is, and hears whether it is to stop: by the database alone."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from utils.db import runs, workers
from utils.db.session import session
from utils.errors import NightShiftError
from utils.observability import progress
from utils.observability.told import Told

# What a page shows is so old at most, and a run that is to stop hears of it after so long. Chosen.
_EVERY_SECONDS = 2.0

_log = logging.getLogger(__name__)


@contextmanager
def telling(worker: str, run_id: str, may_stop: bool) -> Iterator[None]:
    """Keep a worker's row at how far it is while the block lasts; nothing is written if it idles.

    Args:
        worker: Whose row.
        run_id: The run that it works for.
        may_stop: It is the run's own process: it ends where a person asks for it, as by SIGTERM.
    """
    told, over = Told(), threading.Event()

    def tell_until_over() -> None:
        while not over.wait(_EVERY_SECONDS):
            if _tell(worker, told) and may_stop and _is_to_stop(run_id):
                _log.warning("The run %s is stopped: a person asked for it.", run_id)
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=tell_until_over, name="telling", daemon=True)
    thread.start()
    try:
        with progress.watching(told.hear):
            yield
    finally:
        over.set()
        thread.join()


def _tell(worker: str, told: Told) -> bool:
    """Write what is new; False if the database did not take it, which is tried again."""
    news = told.news()
    if news is None:
        return True
    try:
        with session() as s:
            workers.tell(s, worker, news)
    except NightShiftError:
        told.untold()
        return False
    return True


def _is_to_stop(run_id: str) -> bool:
    try:
        with session() as s:
            return runs.is_asked_to_stop(s, run_id)
    except NightShiftError:
        return False
