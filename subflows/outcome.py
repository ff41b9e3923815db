"""What came of an item, written down whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from tasks.context import RunContext
from utils.db import items, queue, runs
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import DeferredError, ResourceError, StoppedError, step_of
from utils.models.item import MediaItem
from utils.models.shift import ItemOutcome, Outcome
from utils.models.verdict import Band
from utils.observability import progress
from utils.pipeline import fingerprint
from utils.storage import sidecars


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
    except StoppedError:  # nothing came of it: the run's end gives it back as it was
        raise
    except Exception as error:
        with session() as s:
            if not _settle_failed(s, context, item, error):
                raise
            if is_reported:
                _note(s, context, item, Outcome.FAILED, error)
        progress.emit(progress.Settled(item.item_id, item.title, "failed", str(error)))
        raise
    outcome = Outcome.DEFERRED if deferred else Outcome.DONE
    reason = deferred[0] if deferred else None
    with session() as s:
        if not _settle(s, context, item, reason):
            raise StoppedError(f"{item.title} was finished by another run, which took it over.")
        verdict = s.get_one(Item, item.item_id).verdict
        if is_reported:
            _note(s, context, item, outcome, reason)
    detail = str(reason) if reason else verdict or ""
    progress.emit(progress.Settled(item.item_id, item.title, outcome.value, detail))


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
        return queue.settle_deferred(s, worker, item.item_id, deferred)
    names = [sidecar.name for sidecar in sidecars.beside(item.path)]
    key = sidecars.complete_key(fingerprint.done_key(context.options, context.settings), names)
    return queue.settle_done(s, worker, item.item_id, key)


def _note(
    s: Session, context: RunContext, item: MediaItem, outcome: Outcome, error: Exception | None
) -> None:
    """Note an outcome for the run's report."""
    row = s.get_one(Item, item.item_id)
    failed = outcome is Outcome.FAILED
    noted = ItemOutcome(
        item_id=item.item_id,
        path=str(items.known_path(s, item)),
        kind=row.kind,
        outcome=outcome,
        reason=type(error).__name__ if error else None,
        step=step_of(error) if error else None,
        verdict=Band(row.verdict) if not failed and row.verdict else None,
        score=None if failed else row.score,
        error=str(error) if error else None,
    )
    runs.add_outcome(s, context.run_id, noted)
