"""What a shift finds in its sources, and how they are: a source that fails is told as a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from subflows.listing import list_addresses, note_listed
from subflows.sources import Look, SourceRef, known, look_into
from tasks.context import RunContext
from tasks.tags import SERVED
from utils.config import Settings
from utils.db import addresses, runs, source_files, sources
from utils.db.session import session
from utils.db.source_files import Which
from utils.errors import NightShiftError, SettingsError
from utils.models.item import Entry
from utils.models.shift import ADDRESS, SOURCE, ItemOutcome, Outcome
from utils.models.source import SourceKind
from utils.observability import progress
from utils.pipeline.fingerprint import wanted_key
from utils.privacy import redaction
from utils.scheduling import claims, run_session
from utils.sources import health, scan, whereabouts
from utils.sources.objects import entry_of
from utils.storage import files


class Discovery(NamedTuple):
    """Entries to fetch, and the folders that are ``away``: what lies there would only fail."""

    entries: list[Entry]
    away: list[str]


def discover(context: RunContext) -> Discovery:
    """Register what is new in the inbox and the sources; returns what is worth fetching."""
    settings, run_id = context.settings, context.run_id
    settings.inbox.mkdir(parents=True, exist_ok=True)
    wanted = _defined(run_id)
    inbox = str(settings.inbox)
    locations, elsewhere = claims.take_sources(
        run_id, list(dict.fromkeys([inbox, *(source.location for source in wanted)]))
    )
    run_session.note(run_id, elsewhere)
    looks: dict[str, int | NightShiftError] = {}
    if inbox in locations:
        looks[inbox] = _into_inbox(context)
    found: list[Entry] = []
    for source in wanted:
        if source.location in locations:
            look = look_into(source, context)
            found += look.entries or waiting_objects(source, settings, settings.shift_limit)
            looks[source.location] = _together(looks.get(source.location), look)
            told = [
                one
                for one in look.outcomes
                if one.outcome is not Outcome.SKIPPED or one.kind == ADDRESS  # a stream waits
            ]
            run_session.note(run_id, [_unusable(one) for one in told])
    run_session.note(run_id, note_looks(looks))
    entries, again = _worth_fetching(found, settings)
    run_session.note(run_id, again)
    return Discovery(entries, [one for one, look in looks.items() if _is_away(one, look)])


def _defined(run_id: str) -> list[SourceRef]:
    """The sources that a night looks into; of one that can't be it is said why."""
    found: list[SourceRef] = []
    with session() as s:
        rows = sources.for_shift(s, SERVED)
        for row in rows:
            try:
                found.append(known(row))
            except SettingsError as error:
                runs.add_outcome(s, run_id, ItemOutcome.failure(row.name, error, kind=SOURCE))
    return found


def note_looks(looks: Mapping[str, int | NightShiftError]) -> list[ItemOutcome]:
    """Note how sources are, by their locations; returns what to say of those that fail."""
    with session() as s:
        sources.note_looks(s, looks)
    return [
        ItemOutcome.failure(redaction.redacted(location), found, kind=SOURCE)
        for location, found in looks.items()
        if isinstance(found, NightShiftError)
    ]


def waiting_objects(
    source: SourceRef, settings: Settings, limit: int, after: str = ""
) -> list[Entry]:
    """Up to ``limit`` objects of a bucket that are to be fetched, by key, behind ``after``."""
    if source.definition.kind is not SourceKind.BUCKET:
        return []
    with session() as s:
        rows = source_files.waiting(s, source.id, Which.UNREAD, after, limit, settings.max_tries)
        return [
            entry_of(source.id, source.location, source_files.found_object(row)) for row in rows
        ]


def _together(before: int | NightShiftError | None, look: Look) -> int | NightShiftError:
    """How a location is that several sources look into, each with its pattern."""
    if isinstance(before, NightShiftError):
        return before
    return look.error or look.listed + (before or 0)


def _is_away(location: str, look: int | NightShiftError) -> bool:
    return isinstance(look, NightShiftError) and sources.is_folder(location)


def _into_inbox(context: RunContext) -> int | NightShiftError:
    """Register what is new in the inbox, and at places that hold something else by now."""
    settings, inbox = context.settings, str(context.settings.inbox)
    try:
        health.check_place(inbox)
    except NightShiftError as error:
        return error
    numbers: Counter[str] = Counter()
    done_key = wanted_key(context.options, settings)
    found = scan.scan(
        [inbox, *whereabouts.replaced(settings)],  # wherever they lie
        done_key, settings, tell=progress.reading, numbers=numbers,
    )  # fmt: skip
    run_session.note_left_out(context.run_id, found.left_out)
    told = [one for one in found.outcomes if one.outcome is not Outcome.SKIPPED]
    run_session.note(context.run_id, [_unusable(one) for one in told])
    return numbers[inbox]


def _unusable(outcome: ItemOutcome) -> ItemOutcome:
    """An unusable file in a source (empty, say) waits; an unreadable folder hides what is in it."""
    failed = outcome.outcome in {Outcome.FAILED, Outcome.QUARANTINED}
    if not failed or files.is_folder(Path(outcome.path)):
        return outcome
    return outcome.model_copy(update={"outcome": Outcome.WAITS_FOR_YOU})


def _worth_fetching(
    found: Sequence[Entry], settings: Settings
) -> tuple[list[Entry], list[ItemOutcome]]:
    """Entries to fetch: those found but for the quarantined, and what failed elsewhere before."""
    with session() as s:
        due = addresses.due(s, settings.max_tries)
        ours = {None, *(row.id for row in sources.for_shift(s, SERVED))}
        quarantined = addresses.quarantined(s, found)
    again = list_addresses(due.urls, settings)
    former = {key for entry in found for key in entry.former_ids}
    waiting_again = [
        entry for entry in due.entries if entry.item_id not in former and entry.source_id in ours
    ]
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
