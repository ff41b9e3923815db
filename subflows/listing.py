"""What addresses hold: entries to fetch, and items that were fetched from there before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from tasks.ingestion import list_entries
from utils.config import Settings
from utils.db import addresses as failed_addresses
from utils.db import downloads, forgotten, items, returning, sources, vocabularies
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError, NotTakenError
from utils.models.item import Entry, ItemStatus
from utils.models.shift import ADDRESS, ItemOutcome, Outcome
from utils.models.source import SourceDefinition
from utils.models.verdict import Band
from utils.rules import file
from utils.sources import scan, wanted, whereabouts


class Listing(NamedTuple):
    """Entries to fetch, items fetched before that are to be worked on, and what of the rest.

    ``found``: how many entries each address holds, or why that can't be said. ``known``: entries
    that were fetched before, each with its item. ``waiting``: what to say of streams that are not
    over yet, and of what the listing hides.
    """

    entries: list[Entry]
    pending: list[str]
    fetched_before: list[ItemOutcome]
    found: dict[str, int | NightShiftError]
    known: tuple[tuple[Entry, str], ...] = ()
    waiting: tuple[ItemOutcome, ...] = ()

    @property
    def failures(self) -> dict[str, NightShiftError]:
        """The addresses that could not be listed."""
        return {url: error for url, error in self.found.items() if not isinstance(error, int)}


def list_addresses(
    addresses: list[str],
    settings: Settings,
    done_key: str | None = "",
    again: bool = False,
    definitions: Mapping[str, SourceDefinition] | None = None,
) -> Listing:
    """List every address; one that can't be listed is a failure and stops no other.

    Of a source's address, only what the source wants: the newest, those since a day. What was
    fetched before stays, and what was private or gone and is shown again is fetched.

    Args:
        addresses: Of videos, channels, playlists.
        settings: What may be fetched from where.
        done_key: What was fetched before and is done under another key is to be worked on again;
            with None all of it. The empty key leaves what is done alone, as a shift does.
        again: Fetch what a person had forgotten, too.
        definitions: The source at each address; those that there are when not given.
    """
    defined = _defined(addresses, definitions)
    listings = {
        address: list_entries(address, settings, next(iter(defined.get(address, ())), None))
        for address in addresses
    }
    entries, unwanted, waiting = _wanted(listings, defined, settings)
    with session() as s:
        known = downloads.known(s, [*entries.values(), *unwanted.values()])
        entries |= {key: unwanted[key] for key in known if key in unwanted}
        vocabularies.note_source(s, {key: str(entries[key].source) for key in known})
        rows = {row.id: row for row in items.preload(s, list(known.values()))}
        left = _forgotten(s, entries, again)
        expected, rules = vocabularies.by_location(s), file.load(settings)
        places = {
            item_id: next(iter(paths), Path())
            for item_id, paths in items.paths_by_item(s, list(rows)).items()
        }
        keys = {
            row.id: done_key
            and vocabularies.in_key(
                scan.under_rules(s, done_key, row, places[row.id], rules),
                vocabularies.of_item(s, row.id, Path(), expected),
            )
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
        found={address: _number(listing) for address, listing in listings.items()},
        known=tuple((entries[key], item_id) for key, item_id in known.items()),
        waiting=tuple(one for one in waiting if one.path not in {entries[k].url for k in known}),
    )


def _defined(
    addresses: Sequence[str], given: Mapping[str, SourceDefinition] | None
) -> dict[str, list[SourceDefinition]]:
    if given is not None:
        return {address: [definition] for address, definition in given.items()}
    with session() as s:
        return sources.at(s, addresses)


def _wanted(
    listings: Mapping[str, list[Entry] | NightShiftError],
    defined: Mapping[str, Sequence[SourceDefinition]],
    settings: Settings,
) -> tuple[dict[str, Entry], dict[str, Entry], list[ItemOutcome]]:
    """The entries that are wanted and those that are not, by key; what to say of what waits."""
    entries, rest, waiting = dict[str, Entry](), dict[str, Entry](), list[ItemOutcome]()
    for address, listing in listings.items():
        if isinstance(listing, NotTakenError):
            waiting.append(_waits(address, str(listing)))
        if not isinstance(listing, list):
            continue
        listed = [entry.model_copy(update={"source": address}) for entry in listing]
        with session() as s:
            days = returning.days(s, listed)
            found = wanted.chosen(listed, defined.get(address, ()), days)
            hidden = {entry.item_id for entry, _ in found.hidden}
            seen = [entry for entry in listed if entry.item_id not in hidden]
            returning.note_listing(s, address, seen, settings.max_tries)
        entries |= {entry.item_id: entry for entry in found.entries}
        rest |= {entry.item_id: entry for entry in listed}
        waiting += [_waits(entry.url, why) for entry, why in (*found.waiting, *found.hidden)]
    return entries, {key: entry for key, entry in rest.items() if key not in entries}, waiting


def _waits(url: str, why: str) -> ItemOutcome:
    return ItemOutcome(item_id=None, path=url, kind=ADDRESS, outcome=Outcome.SKIPPED, reason=why)


def _number(listing: list[Entry] | NightShiftError) -> int | NightShiftError:
    """How many entries an address holds; a stream that has not begun is one."""
    if isinstance(listing, NotTakenError):
        return 1
    return len(listing) if isinstance(listing, list) else listing


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
    if row.status in (ItemStatus.DONE.value, ItemStatus.SKIPPED.value):
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
