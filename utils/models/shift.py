"""A run over many items and what came of each: the words for it that all who tell use.

An outcome is one of seven; so the command line, the reports, the JSON, the metrics and the
notices count alike (docs/decisions/0027).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from utils.errors import NightShiftError, step_of
from utils.models.base import Frozen
from utils.models.verdict import Band

# What is no item and has an outcome all the same, as its ``kind``.
SOURCE, ADDRESS = "source", "address"
_NAMED = 12  # suffixes that are named in a line


class Outcome(StrEnum):
    """What came of one item, source or address in a run; each has exactly one.

    ``done_with_lacks``: done, but a secondary step failed; ``waits_for_you``: only a person can
    go on (the verdict is no, it was quarantined before, a file is unusable); ``failed``: tried
    again by itself; ``quarantined``: failed now, and is not tried again before a person asks for
    it; ``deferred``: done but for steps that cost too much; ``skipped``: there was nothing to do.
    """

    DONE = "done"
    DONE_WITH_LACKS = "done_with_lacks"
    WAITS_FOR_YOU = "waits_for_you"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    DEFERRED = "deferred"
    SKIPPED = "skipped"

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


class RunStatus(StrEnum):
    """What a run came to; ``stopped``: by hand, or with its worker."""

    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    NOTHING_TO_DO = "nothing_to_do"
    CRASHED = "crashed"
    STOPPED = "stopped"


class Counts(Frozen):
    """How many rows of a run have each outcome."""

    done: int = 0
    done_with_lacks: int = 0
    waits_for_you: int = 0
    failed: int = 0
    quarantined: int = 0
    deferred: int = 0
    skipped: int = 0

    @property
    def failures(self) -> int:
        """What makes a run partial, or failed, and its exit code 1."""
        return self.failed + self.quarantined

    @property
    def words(self) -> str:
        """``6 done, 1 quarantined, 2 skipped``: what is done, and the rest where there is any."""
        told = {outcome: getattr(self, outcome.value) for outcome in Outcome}
        return ", ".join(
            f"{number:,} {outcome.words}"
            for outcome, number in told.items()
            if number or outcome is Outcome.DONE
        )


class Lack(Frozen):
    """A step that a done item is without, and why.

    ``may_pass``: a later night tries it again, as long as the item has tries left.
    """

    step: str
    reason: str
    may_pass: bool = False


def lacks_in_words(lacks: Sequence[Lack]) -> str:
    """What a done item is without, for people; empty if it has all."""
    return "lacks " + "; ".join(f"{lack.step}: {lack.reason}" for lack in lacks) if lacks else ""


class ItemOutcome(Frozen):
    """One row of a run: an item, or a location that never became one.

    ``reason``: why it was skipped or waits, or the class of its error, which ``step`` raised, if
    any did. ``error``: what is wrong with it; None for what was worked through. ``lacks``: what an
    item that is done all the same is without.
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
    lacks: tuple[Lack, ...] = ()

    @classmethod
    def failure(
        cls,
        path: str,
        error: BaseException,
        item_id: str | None = None,
        kind: str | None = None,
        is_final: bool = False,
    ) -> ItemOutcome:
        """The outcome of a location or an item that ``error`` stopped; for good if it is final."""
        return cls(
            item_id=item_id,
            path=path,
            kind=kind,
            outcome=Outcome.QUARANTINED if is_final else Outcome.FAILED,
            reason=type(error).__name__,
            step=step_of(error),
            error=str(error),
        )

    @property
    def was_worked_on(self) -> bool:
        """True if the run came to a result for it, whatever it is worth."""
        if self.outcome is Outcome.WAITS_FOR_YOU:
            return self.error is None
        return self.outcome in {Outcome.DONE, Outcome.DONE_WITH_LACKS, Outcome.DEFERRED}


def left_out_in_words(left_out: Mapping[str, int]) -> str:
    """What was left out of folders, for people, most first; empty if nothing was."""
    most = sorted(left_out.items(), key=lambda one: (-one[1], one[0]))
    told = [f"{number:,} {name}" for name, number in most[:_NAMED]]
    more = sum(number for _, number in most[_NAMED:])
    told += [f"{more:,} others"] if more else []
    return f"left out, as no media: {', '.join(told)}" if told else ""


def outcome_of(
    verdict: Band | None, is_deferred: bool = False, lacks: Sequence[object] = ()
) -> Outcome:
    """What came of an item whose steps are through."""
    if is_deferred:
        return Outcome.DEFERRED
    if verdict in {Band.REJECT, Band.REVISE}:
        return Outcome.WAITS_FOR_YOU
    return Outcome.DONE_WITH_LACKS if lacks else Outcome.DONE


def count(rows: Iterable[ItemOutcome]) -> Counts:
    """Outcomes by their word."""
    numbers = dict.fromkeys(Outcome, 0)
    for row in rows:
        numbers[row.outcome] += 1
    return Counts(**{outcome.value: number for outcome, number in numbers.items()})


class PublishedCounts(Frozen):
    """What a night published at its end (``PublishReport.counts``).

    ``flaws``: what lies at a target and should not be as it is. ``error``: why nothing was tried.
    """

    total: int = 0
    success: int = 0
    failed: int = 0
    waiting: int = 0
    published: int = 0
    retracted: int = 0
    unchanged: int = 0
    flaws: int = 0
    error: str | None = None

    @property
    def failures(self) -> int:
        """What makes a night partial."""
        return self.failed + (1 if self.error else 0)

    @property
    def words(self) -> str:
        """``3 published, 1 could not be published``; empty where there was nothing to do."""
        numbers = (
            (self.published, "published"),
            (self.retracted, "taken back"),
            (self.failed, "could not be published"),
            (self.flaws, "published that should not be as it is"),
        )
        told = [f"{number:,} {said}" for number, said in numbers if number]
        return ", ".join((*told, *([f"publishing: {self.error}"] if self.error else [])))


def status_of(
    rows: Sequence[ItemOutcome], left_over: int = 0, published: PublishedCounts | None = None
) -> RunStatus:
    """What a run with these rows came to, if it came to its end."""
    done = published or PublishedCounts()
    worked_on = any(row.was_worked_on for row in rows) or bool(done.published + done.retracted)
    if count(rows).failures:
        return RunStatus.PARTIAL if worked_on else RunStatus.FAILED
    if left_over or done.failures:
        return RunStatus.PARTIAL
    return RunStatus.SUCCESS if worked_on else RunStatus.NOTHING_TO_DO


class ShiftReport(Frozen):
    """A finished run, as ``nightshift run --json`` prints it.

    ``left_over``: items that it did not get to, for the ``reason``. ``left_out``: how many files of
    each suffix lay in its folders and are no media, and which folders it did not search.
    ``published``: what a night published at its end.
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
    left_out: dict[str, int] = Field(default_factory=dict)
    published: PublishedCounts | None = None

    @property
    def total(self) -> int:
        """What the run had to do something for: all but what was skipped."""
        return len(self.items) - self.counts.skipped

    @property
    def success(self) -> int:
        """What is done, with or without a lack."""
        return self.counts.done + self.counts.done_with_lacks

    @property
    def failures(self) -> int:
        """What failed: items, then publications; the exit code is 1 if there is any."""
        return self.counts.failures + (self.published.failures if self.published else 0)

    @property
    def words(self) -> str:
        """What it came to, for people: items, then publications."""
        at_targets = self.published.words if self.published else ""
        return ", ".join(filter(None, (self.counts.words, at_targets)))


class ShiftError(NightShiftError):
    """Something failed in a run that came to its end; ``report`` is what it came to."""

    def __init__(self, report: ShiftReport) -> None:
        super().__init__(f"{report.words}. Why, and what to do: nightshift failures")
        self.report = report

    def __reduce__(self) -> tuple[type[ShiftError], tuple[ShiftReport]]:
        """Its report, where it is kept as a result."""
        return type(self), (self.report,)
