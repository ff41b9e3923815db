"""What a run of a music flow came to, as its command, its messages and Prefect tell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from utils.errors import NightShiftError
from utils.models.base import Frozen
from utils.models.music import Fault, Outcome, SubflowResult

_GOOD = {Outcome.SUCCESS, Outcome.PARTIAL, Outcome.NO_UPDATES}
# Counts that a line of text names, the first that are there.
_TOLD = ("rows", "new", "requests", "cache_hits", "not_found", "rejected", "errors")
_NAMED = 3


class MusicReport(Frozen):
    """A run of `daily-etl` or `spotify-ingestion`, as ``--json`` prints it.

    ``status``: an ``Outcome``, ``running``, or ``crashed``. ``reason``: why it did less than it
    should have, if it did.
    """

    run_id: str
    flow: str
    status: str
    started_at: datetime
    seconds: float
    results: tuple[SubflowResult, ...] = ()
    reason: str | None = None

    @property
    def failures(self) -> tuple[SubflowResult, ...]:
        """The subflows of which nothing could be done."""
        return tuple(one for one in self.results if one.status is Outcome.FAILED)

    @property
    def words(self) -> str:
        """``data-preparation no updates, spotify-enrichment success (12 new, 30 requests)``."""
        return ", ".join(map(_line, self.results)) or self.reason or "nothing was done"


class MusicError(NightShiftError):
    """A part of a run failed; ``report`` is what the run came to."""

    def __init__(self, report: MusicReport) -> None:
        whys = (fault.message for one in report.failures for fault in one.errors[:1])
        super().__init__("; ".join([report.words, *whys]))
        self.report = report

    def __reduce__(self) -> tuple[type[MusicError], tuple[MusicReport]]:
        """Its report, where it is kept as a result."""
        return type(self), (self.report,)


def together(results: Sequence[SubflowResult]) -> Outcome:
    """The outcome of several subflows together.

    ``failed`` only if all of them failed, or there are none; ``no_updates`` only if all had
    nothing to do; ``partial_success`` if any failed or met errors.
    """
    found = {one.status for one in results}
    if found <= {Outcome.FAILED}:
        return Outcome.FAILED
    if found == {Outcome.NO_UPDATES}:
        return Outcome.NO_UPDATES
    return Outcome.PARTIAL if found & {Outcome.FAILED, Outcome.PARTIAL} else Outcome.SUCCESS


def is_good(result: SubflowResult) -> bool:
    """True if something of it could be done, or nothing had to be."""
    return result.status in _GOOD


def failed(name: str, error: BaseException, seconds: float = 0.0) -> SubflowResult:
    """The result of a subflow that an error ended."""
    fault = Fault(what=name, error_class=type(error).__name__, message=_why(error))
    return SubflowResult(
        name=name, status=Outcome.FAILED, errors=(fault,), metrics={"errors": 1}, seconds=seconds
    )


def in_words(result: SubflowResult) -> str:
    """``12 new, 30 requests, 2 not found``: its first counts that are not 0."""
    counts = [(name, result.metrics.get(name, 0)) for name in _TOLD]
    told = [f"{number:,.0f} {name.replace('_', ' ')}" for name, number in counts if number]
    return ", ".join(told[:_NAMED])


def _line(result: SubflowResult) -> str:
    counts = in_words(result)
    status = result.status.value.replace("_", " ")
    return f"{result.name} {status}{f' ({counts})' if counts else ''}"


def _why(error: BaseException) -> str:
    """An error's text; what others raise may name addresses with passwords."""
    if isinstance(error, NightShiftError | TimeoutError) and str(error):
        return str(error)
    return f"It broke off with {type(error).__name__}. The log of the run says where."
