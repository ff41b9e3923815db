"""What came of an item, written down whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from utils import progress, shift
from utils.config import load_settings
from utils.db import items, runs, standing
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import DeferredError, ResourceError, StoppedError
from utils.models.item import MediaItem
from utils.models.options import PipelineOptions
from utils.models.shift import ItemOutcome, Outcome
from utils.models.verdict import Band


@contextmanager
def recorded(
    item: MediaItem, run_id: str | None, holder: str, options: PipelineOptions
) -> Iterator[list[DeferredError]]:
    """Settle the item as done if the block succeeds, as failed (and re-raise) if it does not.

    The block adds to the list what it put off. An item that another run took over from
    ``holder`` is that run's to settle. What met a lack of disk or memory stays ``holder``'s and
    stands as before: the gate tries it again, or gives it back (utils/gate.py).
    """
    put_off: list[DeferredError] = []
    try:
        yield put_off
    except (ResourceError, MemoryError) as error:
        progress.tell(progress.Held(f"{item.title}: {error}", item.item_id))
        raise
    except Exception as error:
        with session() as s:
            if not standing.holds(s, item.item_id, holder):
                raise
            if options.only:  # of the item as a whole it says nothing
                standing.settle_aside(s, item.item_id, load_settings().max_tries)
            else:
                standing.settle_failed(s, item.item_id, error, load_settings().max_tries)
            _note(s, run_id, item, Outcome.FAILED, error)
        progress.tell(progress.Settled(item.item_id, item.title, "failed", str(error)))
        raise
    outcome = Outcome.DEFERRED if put_off else Outcome.DONE
    with session() as s:
        if not standing.holds(s, item.item_id, holder):
            raise StoppedError(f"{item.title} was finished by another run, which took it over.")
        if options.only:
            standing.settle_aside(s, item.item_id, load_settings().max_tries)
        elif put_off:
            standing.settle_deferred(s, item.item_id, str(put_off[0]))
        else:
            standing.settle_done(s, item.item_id, shift.done_key(options))
        verdict = _note(s, run_id, item, outcome, put_off[0] if put_off else None)
    detail = str(put_off[0]) if put_off else verdict or ""
    progress.tell(progress.Settled(item.item_id, item.title, outcome.value, detail))


def _note(
    s: Session, run_id: str | None, item: MediaItem, outcome: Outcome, error: Exception | None
) -> str | None:
    """Note an outcome for the run's report; returns the item's verdict."""
    row = s.get_one(Item, item.item_id)
    failed = outcome is Outcome.FAILED
    if run_id:
        noted = ItemOutcome(
            item_id=item.item_id,
            path=str(items.known_path(s, item)),
            kind=row.kind,
            outcome=outcome,
            reason=type(error).__name__ if error else None,
            verdict=Band(row.verdict) if not failed and row.verdict else None,
            score=None if failed else row.score,
            error=str(error) if error else None,
        )
        runs.add_outcome(s, run_id, noted)
    return row.verdict
