"""What a shift finds in its sources, and how they are: a source that fails is told as a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from subflows.listing import list_addresses, note_listed
from tasks.context import RunContext
from utils.config import Settings
from utils.db import addresses, sources
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.item import Entry
from utils.models.shift import ADDRESS, SOURCE, ItemOutcome, Outcome
from utils.observability import progress
from utils.pipeline.fingerprint import wanted_key
from utils.scheduling import claims, run_session
from utils.sources import health, scan, whereabouts
from utils.storage import files

Looks = dict[str, int | NightShiftError]


class Discovery(NamedTuple):
    """Entries to fetch, and the folders that are ``away``: what lies there would only fail."""

    entries: list[Entry]
    away: list[str]


def discover(context: RunContext) -> Discovery:
    """Register what is new in the inbox and the sources; returns what is worth fetching."""
    settings, run_id = context.settings, context.run_id
    settings.inbox.mkdir(parents=True, exist_ok=True)
    with session() as s:
        locations = [str(settings.inbox), *sources.locations(s)]
    locations, elsewhere = claims.take_sources(run_id, locations)
    folders = [one for one in locations if not sources.is_url(one)]
    looks, outcomes = _look_into(folders, context)
    listing = list_addresses([one for one in locations if sources.is_url(one)], settings)
    looks |= listing.found
    failures = _judged(looks, settings)
    entries, again = _worth_fetching(listing.entries, settings)
    run_session.note(run_id, [*elsewhere, *outcomes, *failures, *listing.waiting, *again])
    away = [one for one in folders if isinstance(looks[one], NightShiftError)]
    return Discovery(entries, away)


def _look_into(folders: Sequence[str], context: RunContext) -> tuple[Looks, list[ItemOutcome]]:
    """Register what is new in the folders that are there; what is unusable in them waits."""
    looks: Looks = {}
    for folder in folders:
        try:
            health.check_place(folder)
        except NightShiftError as error:
            looks[folder] = error
    numbers: Counter[str] = Counter()
    there = [folder for folder in folders if folder not in looks]
    done_key = wanted_key(context.options, context.settings)
    there_and_elsewhere = [*there, *whereabouts.replaced(context.settings)]  # wherever they lie
    found = scan.scan(
        there_and_elsewhere, done_key, context.settings, tell=progress.reading, numbers=numbers
    )
    looks |= {folder: numbers[folder] for folder in there}
    run_session.note_left_out(context.run_id, found.left_out)
    told = [one for one in found.outcomes if one.outcome is not Outcome.SKIPPED]
    return looks, [_unusable(one) for one in told]


def _judged(looks: Looks, settings: Settings) -> list[ItemOutcome]:
    """Note how the sources are, in ``looks`` too; returns what to say of those that fail."""
    with session() as s:
        before = sources.looks(s)
        for location, found in looks.items():
            known = before.get(location)
            try:
                if isinstance(found, int) and location != str(settings.inbox):
                    health.check_found(location, found, known.found if known else None)
            except NightShiftError as error:
                looks[location] = error
        sources.note_looks(s, looks)
    return [
        ItemOutcome.failure(location, found, kind=SOURCE)
        for location, found in looks.items()
        if isinstance(found, NightShiftError)
    ]


def _unusable(outcome: ItemOutcome) -> ItemOutcome:
    """An unusable file in a source (empty, say) waits; an unreadable folder hides what is in it."""
    if outcome.outcome is not Outcome.FAILED or files.is_folder(Path(outcome.path)):
        return outcome
    return outcome.model_copy(update={"outcome": Outcome.WAITS_FOR_YOU})


def _worth_fetching(
    found: Sequence[Entry], settings: Settings
) -> tuple[list[Entry], list[ItemOutcome]]:
    """Entries to fetch: those found but for the quarantined, and what failed elsewhere before."""
    with session() as s:
        due = addresses.due(s, settings.max_tries)
        quarantined = addresses.quarantined(s, found)
    again = list_addresses(due.urls, settings)
    former = {key for entry in found for key in entry.former_ids}
    waiting_again = [entry for entry in due.entries if entry.item_id not in former]
    entries = {entry.item_id: entry for entry in (*waiting_again, *found, *again.entries)}
    waiting = [
        ItemOutcome(
            item_id=None,
            path=entry.url,
            kind=ADDRESS,
            outcome=Outcome.WAITS_FOR_YOU,
            reason=f"failed before; `nightshift requeue {key[:10]}` tries again",
            error=quarantined[key],
        )
        for key, entry in entries.items()
        if key in quarantined
    ]
    wanted = [entry for key, entry in entries.items() if key not in quarantined]
    return wanted, [*waiting, *note_listed(again, settings)]
