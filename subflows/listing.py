"""What addresses hold: entries to fetch, and items that were fetched from there before."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from tasks.ingestion import list_entries
from utils.config import Settings
from utils.db import addresses as failed_addresses
from utils.db import downloads, forgotten, items, vocabularies
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.item import Entry, ItemStatus
from utils.models.shift import ADDRESS, ItemOutcome, Outcome
from utils.models.verdict import Band
from utils.sources import whereabouts


class Listing(NamedTuple):
    """Entries to fetch, items fetched before that are to be worked on, and what of the rest.

    ``found``: how many entries each address holds, or why that can't be said. ``known``: entries
    that were fetched before, each with its item.
    """

    entries: list[Entry]
    pending: list[str]
    fetched_before: list[ItemOutcome]
    found: dict[str, int | NightShiftError]
    known: list[tuple[Entry, str]] = []  # noqa: RUF012  never added to

    @property
    def failures(self) -> dict[str, NightShiftError]:
        """The addresses that could not be listed."""
        return {url: error for url, error in self.found.items() if not isinstance(error, int)}


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
    listings = {address: list_entries(address, settings) for address in addresses}
    entries = {
        entry.item_id: entry.model_copy(update={"source": address})
        for address, listing in listings.items()
        if isinstance(listing, list)
        for entry in listing
    }
    with session() as s:
        known = downloads.known(s, list(entries.values()))
        vocabularies.note_source(s, {key: str(entries[key].source) for key in known})
        rows = {row.id: row for row in items.preload(s, list(known.values()))}
        left = _forgotten(s, entries, again)
        expected = vocabularies.by_location(s)
        keys = {
            row.id: done_key
            and vocabularies.in_key(done_key, vocabularies.of_item(s, row.id, Path(), expected))
            for row in rows.values()
        }
    pending = [row.id for row in rows.values() if _is_wanted(row, keys[row.id])]
    return Listing(
        entries=[entry for key, entry in entries.items() if key not in known and key not in left],
        pending=pending,
        fetched_before=[
            _fetched_before(entries[key], rows[item_id])
            for key, item_id in known.items()
            if item_id not in pending
        ]
        + list(left.values()),
        found={
            address: len(listing) if isinstance(listing, list) else listing
            for address, listing in listings.items()
        },
        known=[(entries[key], item_id) for key, item_id in known.items()],
    )


def _forgotten(s: Session, entries: dict[str, Entry], again: bool) -> dict[str, ItemOutcome]:
    """What to say of entries whose items were forgotten, by key; nothing if asked for again."""
    key_of = {known: key for key, entry in entries.items() for known in entry.ids}
    noted = forgotten.downloads(s, list(key_of))
    known = {key_of[name]: item_id for name, item_id in noted.items()}
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


def note_listed(listing: Listing, settings: Settings) -> list[ItemOutcome]:
    """Keep the addresses that could not be listed, to be tried again; returns what to say of them.

    Those that could be are forgotten.
    """
    told = []
    with session() as s:
        failed_addresses.forget(s, [url for url in listing.found if url not in listing.failures])
        for url, error in listing.failures.items():
            is_final = failed_addresses.settle_failed(s, url, error, settings.max_tries)
            told.append(ItemOutcome.failure(url, error, kind=ADDRESS, is_final=is_final))
    return told
