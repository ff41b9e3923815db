"""A run over many items and what came of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from utils.errors import step_of
from utils.models.base import Frozen
from utils.models.verdict import Band


class Outcome(StrEnum):
    """What a run did with an item; ``deferred``: done but for steps that cost too much."""

    DONE = "done"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    FAILED = "failed"


class RunStatus(StrEnum):
    """What a run came to."""

    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    NOTHING_TO_DO = "nothing_to_do"
    CRASHED = "crashed"
    STOPPED = "stopped"


class Counts(Frozen):
    """Items by outcome."""

    done: int = 0
    deferred: int = 0
    skipped: int = 0
    failed: int = 0


class ItemOutcome(Frozen):
    """One row of a run: an item, or a location that never became one.

    ``reason``: why it was skipped, or the class of its error, which ``step`` raised, if any did.
    """

    item_id: str | None
    path: str
    kind: str | None = None
    outcome: Outcome
    reason: str | None = None
    step: str | None = None
    verdict: Band | None = None
    score: float | None = None
    error: str | None = None

    @classmethod
    def failure(
        cls,
        path: str,
        error: BaseException,
        item_id: str | None = None,
        kind: str | None = None,
    ) -> ItemOutcome:
        """The outcome of a location or an item that ``error`` stopped."""
        return cls(
            item_id=item_id,
            path=path,
            kind=kind,
            outcome=Outcome.FAILED,
            reason=type(error).__name__,
            step=step_of(error),
            error=str(error),
        )


class ShiftReport(Frozen):
    """A finished run, as ``nightshift run --json`` prints it.

    ``left_over``: items that it did not get to, for the ``reason``.
    """

    run_id: str
    status: RunStatus
    counts: Counts
    duration_seconds: float
    report: Path | None
    items: tuple[ItemOutcome, ...]
    started_at: datetime
    left_over: int = 0
    reason: str | None = None
