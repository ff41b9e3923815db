"""The process that started this one: when a worker dies, its runs are not left alone."""

from __future__ import annotations

import ctypes
import signal
import sys

from utils.config import is_run_of_worker

_PR_SET_PDEATHSIG = 1


def end_with_worker() -> None:
    """Have the kernel send this process SIGTERM when the worker that started it dies (Linux).

    A run without its worker could not be cancelled any more, and its place would be given to
    another. On SIGTERM it ends its tools and gives back what it holds. A run that a person
    started goes on without its shell, as `nohup` promises.
    """
    if is_run_of_worker() and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
