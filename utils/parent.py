"""The process that started this one: when a worker dies, its runs are not left alone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

from utils.config import is_run_of_worker

_PR_SET_PDEATHSIG = 1
# For Prefect to report the end of a run whose worker died. Chosen.
LAST_WORDS_SECONDS = 10.0


def end_with_worker() -> int | None:
    """Have the kernel send this process SIGTERM when the worker that started it dies (Linux).

    A run without its worker could not be cancelled any more, and its place would be given to
    another. On SIGTERM it ends its tools and gives back what it holds. A run that a person
    started goes on without its shell, as `nohup` promises.

    Returns:
        The worker's pid; None if no worker started this process.
    """
    if not is_run_of_worker() or sys.platform != "linux":
        return None
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid()


def end_soon_without(worker: int | None) -> None:
    """If ``worker`` is dead, end this process in a moment, whatever it still waits for.

    Prefect delivers its last events and logs before it ends: where the server died with the
    worker, it would try for ever. What was done is in the ledger.
    """
    if worker is not None and os.getppid() != worker:
        last_words = threading.Timer(LAST_WORDS_SECONDS, os._exit, (1,))
        last_words.daemon = True
        last_words.start()
