"""Prefect's logs: an error of ours is one line with its cause and remedy, not a traceback."""

from __future__ import annotations

import logging

from utils.errors import NightShiftError, step_of

# Where Prefect logs what a flow or a task raised, and what ended a worker's process.
_LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine", "prefect.flow_engine")


class _OneLine(logging.Filter):
    """Replaces message and traceback of an error that is no bug."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Everything is logged."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, NightShiftError):
            step = step_of(error)
            record.msg, record.args = "%s: %s", (f"{step} failed" if step else "Failed", error)
            record.exc_info = record.exc_text = None
        return True


def shorten_known_errors() -> None:
    """Have Prefect's logs, on the terminal and in the UI, tell errors of ours in one line."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, _OneLine) for known in logger.filters):
            logger.addFilter(_OneLine())
