"""Bring in what some addresses and paths hold, and process it."""

from __future__ import annotations

from typing import NamedTuple

from prefect import flow
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.tasks import task
from pydantic import PositiveInt

from flows.batch import conclude, concurrency_or_default, not_claimed, work_through
from tasks.database import connect
from tasks.lanes import lane
from tasks.policy import tries
from tasks.zombies import close_zombies, end_server_with_us, run_of
from utils import shift
from utils.clients import youtube
from utils.config import load_settings
from utils.db import archive, items
from utils.db.schema import Item
from utils.db.session import session
from utils.db.sources import is_url
from utils.demand import Work
from utils.errors import NightShiftError
from utils.models.item import Entry, ItemStatus
from utils.models.options import PipelineOptions
from utils.models.shift import ItemOutcome, Outcome, ShiftReport
from utils.models.verdict import Band
from utils.pipeline import FETCH


@flow(name="content-ingestion")
def content_ingestion(
    urls: list[str],
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    run_id: str | None = None,
) -> State[ShiftReport]:
    """Fetch or find everything at ``urls``, process what is new, and report.

    Args:
        urls: Addresses that yt-dlp knows, folders and files, in any mixture.
        options: What to do with each item; the settings' defaults when not given.
        concurrency: Items in work at once; the setting when not given.
        run_id: The id of the run; a new one when not given.
    """
    connect()
    options = options or load_settings().pipeline
    run_id = run_id or run_of(flow_run)
    with shift.holding("content-ingestion", run_id) as swept:
        end_server_with_us()
        close_zombies(swept.runs)
        found = shift.take_in([url for url in urls if not is_url(url)], options)
        arrivals = look_up([url for url in urls if is_url(url)], shift.wanted_key(options))
        shift.note(run_id, [*found.outcomes, *arrivals.failures, *arrivals.fetched_before])
        wanted = [*found.pending, *arrivals.pending]
        claimed = shift.claim_these(run_id, wanted)
        shift.note(run_id, not_claimed(wanted, claimed))
        works: list[Work] = [*claimed, *arrivals.entries]
        if works:
            work_through(run_id, works, options, concurrency_or_default(concurrency))
        return conclude(run_id)


class Arrivals(NamedTuple):
    """What addresses hold: entries to fetch, items fetched before, and what went wrong."""

    entries: list[Entry]
    pending: list[str]
    fetched_before: list[ItemOutcome]
    failures: list[ItemOutcome]


def look_up(addresses: list[str], done_key: str | None = "") -> Arrivals:
    """List every address; one that can't be listed is a failure and stops no other.

    Args:
        addresses: Of videos, channels, playlists.
        done_key: What was fetched before and is done under another key is to be worked on again;
            with None all of it. The empty key leaves what is done alone, as a shift does.
    """
    listings = [list_entries(address) for address in addresses]
    failures = [listing for listing in listings if isinstance(listing, ItemOutcome)]
    entries = {
        entry.item_id: entry
        for listing in listings
        if not isinstance(listing, ItemOutcome)
        for entry in listing
    }
    with session() as s:
        known = archive.known(s, list(entries.values()))
        rows = {row.id: row for row in items.preload(s, list(known.values()))}
    pending = [row.id for row in rows.values() if _is_wanted(row, done_key)]
    return Arrivals(
        entries=[entry for key, entry in entries.items() if key not in known],
        pending=pending,
        fetched_before=[
            _fetched_before(entries[key], rows[item_id])
            for key, item_id in known.items()
            if item_id not in pending
        ],
        failures=failures,
    )


def _is_wanted(row: Item, done_key: str | None) -> bool:
    if row.status == ItemStatus.DONE.value:
        return done_key is None or (done_key != "" and row.done_key != done_key)
    if row.status == ItemStatus.QUARANTINED.value:
        return done_key is None
    return row.status != ItemStatus.PROCESSING.value


@task(name="list-entries", cache_policy=NO_CACHE, persist_result=False)
def _list_entries(address: str) -> list[Entry]:
    return youtube.entries(address, load_settings())


def list_entries(address: str) -> list[Entry] | ItemOutcome:
    """The entries at an address, or the failure to list them."""
    try:
        for attempt in tries(FETCH.retries):
            with attempt, lane(FETCH.lane):
                return _list_entries(address)
    except NightShiftError as error:
        return ItemOutcome.failure(address, error)
    raise AssertionError("the last attempt returns or raises")


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
