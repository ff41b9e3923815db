"""What addresses hold: entries to fetch, and items that were fetched from there before."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from tasks.ingestion import list_entries
from utils.config import Settings
from utils.db import downloads, forgotten, items
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import Entry, ItemStatus
from utils.models.shift import ItemOutcome, Outcome
from utils.models.verdict import Band
from utils.sources import whereabouts


class Listing(NamedTuple):
    """Entries to fetch, items fetched before that are to be worked on, and what of the rest."""

    entries: list[Entry]
    pending: list[str]
    fetched_before: list[ItemOutcome]
    failures: list[ItemOutcome]


def list_addresses(
    addresses: list[str], settings: Settings, done_key: str | None = "", again: bool = False
) -> Listing:
    """List every address; one that can't be listed is a failure and stops no other.

    Args:
        addresses: Of videos, channels, playlists.
        settings: What may be fetched from where.
        done_key: What was fetched before and is done under another key is to be worked on again;
            with None all of it. The empty key leaves what is done alone, as a shift does.
        again: Fetch what a person had forgotten, too.
    """
    listings = [list_entries(address, settings) for address in addresses]
    failures = [listing for listing in listings if isinstance(listing, ItemOutcome)]
    entries = {
        entry.item_id: entry
        for listing in listings
        if not isinstance(listing, ItemOutcome)
        for entry in listing
    }
    with session() as s:
        known = downloads.known(s, list(entries.values()))
        rows = {row.id: row for row in items.preload(s, list(known.values()))}
        left = _forgotten(s, entries, again)
    pending = [row.id for row in rows.values() if _is_wanted(row, done_key)]
    return Listing(
        entries=[entry for key, entry in entries.items() if key not in known and key not in left],
        pending=pending,
        fetched_before=[
            _fetched_before(entries[key], rows[item_id])
            for key, item_id in known.items()
            if item_id not in pending
        ]
        + list(left.values()),
        failures=failures,
    )


def _forgotten(s: Session, entries: dict[str, Entry], again: bool) -> dict[str, ItemOutcome]:
    """What to say of entries whose items were forgotten, by key; nothing if asked for again."""
    known = forgotten.downloads(s, list(entries))
    if again:
        forgotten.take_again(s, list(known.values()))
        return {}
    since = forgotten.since(s, list(known.values()))
    return {
        key: ItemOutcome(
            item_id=None,
            path=entries[key].url,
            outcome=Outcome.SKIPPED,
            reason=whereabouts.forgotten_since(since[item_id], entries[key].url),
        )
        for key, item_id in known.items()
    }


def _is_wanted(row: Item, done_key: str | None) -> bool:
    if row.claimed_by is not None:
        return False
    if row.status == ItemStatus.DONE.value:
        return done_key is None or (done_key != "" and row.done_key != done_key)
    return done_key is None or row.status != ItemStatus.QUARANTINED.value


def _fetched_before(entry: Entry, row: Item) -> ItemOutcome:
    return ItemOutcome(
        item_id=row.id,
        path=entry.url,
        kind=row.kind,
        outcome=Outcome.SKIPPED,
        reason="fetched before",
        verdict=Band(row.verdict) if row.verdict else None,
        score=row.score,
    )
