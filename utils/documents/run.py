"""Runs as JSON: a line of the list, and one whole."""

from __future__ import annotations

from typing import Any

from utils.db.run_history import Ingestion, RunSummary
from utils.models.shift import Outcome, RunStatus, ShiftReport


def summary(run: RunSummary) -> dict[str, Any]:
    """A run as lists have it, with a number for each outcome."""
    counts = {outcome.value: run.counts.get(outcome.value, 0) for outcome in Outcome}
    return run._asdict() | {"started_at": run.started_at.isoformat(), "counts": counts}


def of_source(run: Ingestion) -> dict[str, Any]:
    """A run of one source: why it looked, what it found, what that came to.

    A run that had nothing to do found ``no_new_files``.
    """
    told = summary(run.summary)
    is_idle = told["status"] == RunStatus.NOTHING_TO_DO.value
    status = "no_new_files" if is_idle else told["status"]
    return told | {"status": status, "trigger": run.trigger, "metrics": run.metrics}


def report(found: ShiftReport) -> dict[str, Any]:
    """A run as the JSON contract of ``run`` and ``night`` has it."""
    document = found.model_dump(mode="json", exclude={"started_at"})
    if found.reason is None:
        del document["left_over"], document["reason"]
    if found.published is None:
        del document["published"]
    return document | {"total": found.total, "success": found.success}
