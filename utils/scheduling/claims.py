"""Which items a run works on: claimed before, so that no other run does."""

from __future__ import annotations

from collections.abc import Sequence

from utils.config import Settings
from utils.db import items, leases, queue
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError
from utils.models.item import MediaItem
from utils.models.shift import ItemOutcome, Outcome
from utils.pipeline.fingerprint import wanted_key
from utils.sources import scan
from utils.storage import blobs, files


def claim_requested(run_id: str, item_ids: Sequence[str]) -> list[str]:
    """Claim items that a person asked for; what another run has claimed is left out."""
    with session() as s:
        queue.mark_requested(s, item_ids)
        return queue.claim_these(s, run_id, item_ids)


def claim_dispatched(worker: str, item_ids: Sequence[str]) -> list[str]:
    """Claim items that were dispatched to ``worker``; what another has claimed is left out."""
    with session() as s:
        return queue.claim_these(s, worker, item_ids)


def claim_waiting(run_id: str, limit: int, max_tries: int, away: Sequence[str] = ()) -> list[str]:
    """Claim up to ``limit`` items that wait: new, failed with tries left, or abandoned.

    ``away``: folders that are not there now.
    """
    with session() as s:
        return queue.claim(s, run_id, queue.waiting(max_tries, away), limit)


def claim_new(worker: str, item_id: str) -> bool:
    """Claim an item that was fetched just now; False if it is done, or in work, as a copy."""
    with session() as s:
        return bool(queue.claim(s, worker, queue.undone(item_id), 1))


def claim_one(wanted: str, worker: str, settings: Settings) -> MediaItem:
    """Claim the item that a person means for ``worker``; a new path is registered first.

    Raises:
        PermanentError: there is no such item, or another run is working on it.
        RetryableError: none of its files is there any more.
    """
    if _is_file(wanted):
        _register(wanted, settings)
    with session() as s:
        item_id = items.find(s, wanted).id
        if not queue.claim_these(s, worker, [item_id]):
            raise PermanentError(f"Another run is working on {wanted}. Wait until it is through.")
    try:
        return _with_file(item_id, settings)
    except NightShiftError as error:
        with session() as s:
            queue.settle_failed(s, worker, item_id, error, settings.max_tries)
        raise


def _register(path: str, settings: Settings) -> None:
    found = scan.scan([path], wanted_key(settings.pipeline, settings), settings)
    for outcome in found.outcomes:
        if outcome.outcome is Outcome.FAILED or outcome.item_id is None:  # or it was forgotten
            raise PermanentError(outcome.error or outcome.reason)


def _with_file(item_id: str, settings: Settings) -> MediaItem:
    """The item as steps get it, with its file here, if need be from the shared store."""
    shared = blobs.is_set(settings)
    with session() as s:
        is_here = not shared or items.path_here(s, item_id, shared) is not None
    fetched = None if is_here else blobs.original(item_id, settings)
    with session() as s:
        return items.media_item(s, item_id, shared, fetched)


def _is_file(wanted: str) -> bool:
    try:
        return files.absolute(wanted).is_file()
    except OSError:
        return False


def take_sources(worker: str, locations: Sequence[str]) -> tuple[list[str], list[ItemOutcome]]:
    """Sources that are ``worker``'s from now on, and what to say of those that others look into."""
    names = {f"source:{location}": location for location in locations}
    with session() as s:
        taken = {names[name] for name in leases.acquire(s, worker, list(names))}
    return [location for location in locations if location in taken], [
        ItemOutcome(
            item_id=None,
            path=location,
            outcome=Outcome.SKIPPED,
            reason="another shift is looking into it",
        )
        for location in locations
        if location not in taken
    ]
