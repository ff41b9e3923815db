"""The process that started this one: when a worker dies, its runs end too."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from functools import cache

import psutil

from utils import clock
from utils.processes.prefect_environment import is_run_of_worker

_PR_SET_PDEATHSIG = 1
# For a run whose worker died: to end its tools, to give back what it holds, to say so. Chosen.
LAST_WORDS_SECONDS = 15.0


@cache
def end_with_worker() -> None:
    """Have the kernel send this process SIGTERM when the worker that started it dies (Linux).

    A run without its worker could not be cancelled any more, and its place would be given to
    another. On SIGTERM it ends its tools and releases what it claimed. A run that a person
    started goes on without its shell, as `nohup` promises.

    Where the server died with the worker, Prefect would go on asking it for minutes, and would
    try to deliver its last logs for ever: the process ends after ``LAST_WORDS_SECONDS`` whatever
    it still waits for. A recovery frees what it held.
    """
    if is_run_of_worker() and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        worker = psutil.Process(os.getppid())
        threading.Thread(target=_end_after, args=(worker,), name="worker", daemon=True).start()


def _end_after(worker: psutil.Process) -> None:
    worker.wait()
    clock.wait(LAST_WORDS_SECONDS)
    os._exit(1)
