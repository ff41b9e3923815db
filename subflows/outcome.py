"""What came of an item, written down whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from tasks.context import RunContext
from utils.db import items, ledger, queue, rulings, runs, subtitle_files, vocabularies
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import DeferredError, LeftOutError, ResourceError, StoppedError, step_of
from utils.models.item import ItemStatus, MediaItem
from utils.models.shift import ItemOutcome, Outcome, lacks_in_words, outcome_of
from utils.models.verdict import Band, Verdict
from utils.observability import progress
from utils.pipeline import fingerprint
from utils.rules import matching, revisions
from utils.storage import sidecars

_REASONS = 2  # criteria that a row of a run names


@contextmanager
def recorded(
    context: RunContext, item: MediaItem, is_reported: bool
) -> Iterator[list[DeferredError]]:
    """Settle the item as done if the block succeeds, as failed (and re-raise) if it does not.

    The block adds to the list what it deferred. An item that another run took over is that run's
    to settle. What met a lack of disk or memory stays claimed: it is tried again, or released
    (utils/scheduling/admission.py); so does what was stopped, until its run ends.

    Args:
        context: The run, and who has claimed the item.
        item: The item.
        is_reported: True if the run has a report, which the outcome belongs in.
    """
    deferred: list[DeferredError] = []
    try:
        yield deferred
    except (ResourceError, MemoryError) as error:
        progress.emit(progress.Paused(f"{item.title}: {error}", item.item_id))
        raise
    except LeftOutError as error:
        _leave_out(context, item, error, is_reported)
        return
    except StoppedError:  # nothing came of it: the run's end gives it back as it was
        raise
    except Exception as error:
        with session() as s:
            if not _settle_failed(s, context, item, error):
                raise
            row = s.get_one(Item, item.item_id)
            known = (str(items.known_path(s, item)), error, item.item_id, row.kind)
            told = ItemOutcome.failure(*known, row.status == ItemStatus.QUARANTINED.value)
            if is_reported:
                runs.add_outcome(s, context.run_id, told)
        progress.emit(progress.Settled(item.item_id, item.title, told.outcome.words, str(error)))
        raise
    reason = deferred[0] if deferred else None
    with session() as s:
        if not _settle(s, context, item, reason):
            raise StoppedError(f"{item.title} was finished by another run, which took it over.")
        told = _through(s, context, item, reason)
        if is_reported:
            runs.add_outcome(s, context.run_id, told)
    lacks, verdict = lacks_in_words(told.lacks), told.verdict.value if told.verdict else ""
    detail = told.error or told.reason or lacks or verdict
    progress.emit(progress.Settled(item.item_id, item.title, told.outcome.words, detail))


def _leave_out(
    context: RunContext, item: MediaItem, error: LeftOutError, is_reported: bool
) -> None:
    """Settle the item as skipped, and say by which rule."""
    with session() as s:
        key = _done_key(s, context, item)
        if not queue.settle_skipped(s, context.claim_owner, item.item_id, key):
            raise StoppedError(f"{item.title} was finished by another run, which took it over.")
        row = s.get_one(Item, item.item_id)
        told = ItemOutcome(
            item_id=item.item_id,
            path=str(items.known_path(s, item)),
            kind=row.kind,
            outcome=Outcome.SKIPPED,
            reason=str(error),
        )
        if is_reported:
            runs.add_outcome(s, context.run_id, told)
    progress.emit(progress.Settled(item.item_id, item.title, told.outcome.words, str(error)))


def _done_key(s: Session, context: RunContext, item: MediaItem) -> str:
    """The key under which the item is done now."""
    key = fingerprint.done_key(context.given or context.options, context.settings)
    row = s.get_one(Item, item.item_id)
    ruling = rulings.of(row)
    key = matching.in_key(key, ruling.decision) if ruling else key
    key = revisions.in_key(key, row.requested_changes)
    expected = vocabularies.of_item(s, item.item_id, item.path)
    beside = subtitle_files.foreign(s, item.path.parent)
    return sidecars.complete_key(vocabularies.in_key(key, expected), item.path, beside)


def _settle_failed(s: Session, context: RunContext, item: MediaItem, error: Exception) -> bool:
    """Settle the item as failed; False if it is another run's by now."""
    worker = context.claim_owner
    if context.options.only:  # of the item as a whole it says nothing
        return queue.release(s, worker, [item.item_id])
    return queue.settle_failed(s, worker, item.item_id, error, context.settings.max_tries)


def _settle(
    s: Session, context: RunContext, item: MediaItem, deferred: DeferredError | None
) -> bool:
    """Settle the item as done, or deferred; False if it is another run's by now."""
    worker = context.claim_owner
    if context.options.only:
        return queue.release(s, worker, [item.item_id])
    if deferred:
        return queue.settle_deferred(s, worker, item.item_id, deferred, context.lacks)
    key, tries = _done_key(s, context, item), context.settings.max_tries
    return queue.settle_done(s, worker, item.item_id, key, context.lacks, tries)


def _through(
    s: Session, context: RunContext, item: MediaItem, deferred: DeferredError | None
) -> ItemOutcome:
    """What a run says of an item whose steps are through."""
    row = s.get_one(Item, item.item_id)
    verdict = Band(row.verdict) if row.verdict else None
    outcome = outcome_of(verdict, deferred is not None, context.lacks)
    return ItemOutcome(
        item_id=item.item_id,
        path=str(items.known_path(s, item)),
        kind=row.kind,
        outcome=outcome,
        reason=type(deferred).__name__ if deferred else _why(s, item, outcome),
        step=step_of(deferred) if deferred else None,
        verdict=verdict,
        score=row.score,
        error=str(deferred) if deferred else None,
        lacks=tuple(context.lacks),
    )


def _why(s: Session, item: MediaItem, outcome: Outcome) -> str | None:
    """Why a person has to look at an item: what its verdict found wanting, the worst first."""
    if outcome is not Outcome.WAITS_FOR_YOU:
        return None
    verdict = ledger.latest_result(s, item.item_id, "judge_quality", Verdict)
    if verdict is None:
        return None
    wanting = [one for one in verdict.criteria if one.score < 1]
    worst = sorted(wanting, key=lambda one: (not one.failed, (one.score - 1) * one.weight))
    return "; ".join(f"{one.name}: {one.reason}" for one in worst[:_REASONS])
