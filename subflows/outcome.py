"""What came of an item, written down whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from utils import progress
from utils.config import load_settings
from utils.db import items, runs
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import MediaItem
from utils.models.shift import ItemOutcome, Outcome
from utils.models.verdict import Band


@contextmanager
def recorded(item: MediaItem, run_id: str | None, done_key: str) -> Iterator[None]:
    """Settle the item as done if the block succeeds, as failed (and re-raise) if it does not."""
    try:
        yield
    except Exception as error:
        with session() as s:
            items.settle_failed(s, item.item_id, error, load_settings().max_tries)
            if run_id:
                row = s.get_one(Item, item.item_id)
                runs.add_outcome(s, run_id, _outcome(row, item, Outcome.FAILED, str(error)))
        progress.tell(progress.Settled(item.item_id, item.title, "failed", str(error)))
        raise
    with session() as s:
        items.settle_done(s, item.item_id, done_key)
        row = s.get_one(Item, item.item_id)
        if run_id:
            runs.add_outcome(s, run_id, _outcome(row, item, Outcome.DONE, None))
    progress.tell(progress.Settled(item.item_id, item.title, "done", row.verdict or ""))


def _outcome(row: Item, item: MediaItem, outcome: Outcome, error: str | None) -> ItemOutcome:
    done = outcome is Outcome.DONE
    return ItemOutcome(
        item_id=item.item_id,
        path=str(item.path),
        kind=row.kind,
        outcome=outcome,
        reason=None if done else row.error_class,
        verdict=Band(row.verdict) if done and row.verdict else None,
        score=row.score if done else None,
        error=error,
    )
