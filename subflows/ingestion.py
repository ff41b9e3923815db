"""One source from its listing to works: what `run-ingestion` takes, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from subflows.discovery import note_looks
from subflows.fan_out import not_claimed
from subflows.sources import Look, SourceRef, known, look_into
from tasks.context import RunContext
from utils.clock import now
from utils.db import addresses, failures, source_files, source_pages, sources
from utils.db.failures import Choice
from utils.db.session import session
from utils.db.source_files import Which
from utils.db.source_tables import SourceFile
from utils.errors import NightShiftError
from utils.models.item import Entry
from utils.models.options import PipelineOptions
from utils.models.shift import ADDRESS, SOURCE, ItemOutcome, Outcome
from utils.models.source import IngestionMetrics, Refresh, SourceKind, Trigger
from utils.privacy import redaction
from utils.scheduling import claims, run_session
from utils.scheduling.estimate import Work
from utils.sources import health, own_options
from utils.sources.objects import entry_of

_BATCH = 1000  # works in memory at once, however many wait. Chosen.


class Found(NamedTuple):
    """What a run found in its source, since when, and what a site has for it to fetch."""

    look: Look
    since: datetime
    entries: Sequence[Entry] = ()


def find(wanted: str, options: PipelineOptions) -> SourceRef:
    """The source of an id or a name.

    Raises:
        UsageError: there is none.
        SettingsError: what it says of its items can't be.
    """
    with session() as s:
        source = known(sources.find(s, wanted))
    own_options.of_source(source.definition, options)
    return source


def options_for(options: PipelineOptions, refresh: Refresh | None) -> PipelineOptions:
    """What is done with each item: all of it again, where a person wants the source done again."""
    return options.model_copy(update={"force": True}) if refresh is Refresh.FULL else options


def is_open(source: SourceRef, context: RunContext) -> bool:
    """True if the source may be looked into now, by this run alone; else the run says why not."""
    with session() as s:
        paused_at = sources.find(s, source.id).paused_at
    if paused_at:
        name = source.definition.name
        why = f"paused since {paused_at:%Y-%m-%d %H:%M}; `nightshift source resume {name}` goes on"
        told = ItemOutcome(item_id=None, path=redaction.redacted(source.location), kind=SOURCE,
                           outcome=Outcome.SKIPPED, reason=why)  # fmt: skip
        run_session.note(context.run_id, [told])
        return False
    taken, elsewhere = claims.take_sources(context.run_id, [source.location])
    run_session.note(context.run_id, elsewhere)
    return bool(taken)


def discover(source: SourceRef, trigger: Trigger, context: RunContext) -> Found:
    """What the source holds by now; of what failed before nothing is listed again."""
    since = now()
    if trigger is Trigger.RETRY:
        if error := _is_away(source):
            run_session.note(context.run_id, note_looks({source.location: error}))
            return Found(Look(0, error=error), since)
        with session() as s:
            again = source_files.try_again(s, source.id)
            failures.requeue(s, Choice(ids=tuple(again))) if again else None
            entries = addresses.of_source(s, source.id)
        return Found(Look(0), since, entries if _is_site(source) else ())
    look = look_into(source, context)
    run_session.note(context.run_id, look.outcomes)
    run_session.note(context.run_id, note_looks({source.location: look.error or look.listed}))
    with session() as s:
        quarantined = addresses.quarantined(s, look.entries)
    waiting = [
        ItemOutcome(item_id=None, path=entry.url, kind=ADDRESS, outcome=Outcome.WAITS_FOR_YOU,
                    reason="failed before; `nightshift source trigger --retry` tries again",
                    error=quarantined[entry.item_id])
        for entry in look.entries
        if entry.item_id in quarantined
    ]  # fmt: skip
    run_session.note(context.run_id, waiting)
    wanted = [entry for entry in look.entries if entry.item_id not in quarantined]
    return Found(look, since, wanted)


def batches(
    source: SourceRef, found: Found, trigger: Trigger, refresh: Refresh | None, context: RunContext
) -> Iterator[list[Work]]:
    """What is to be worked on, claimed, a batch at a time: each object is met once."""
    if found.look.error and source.definition.kind is SourceKind.FOLDER:
        return  # what lies there would only fail
    if found.entries and refresh is not Refresh.CHANGED:
        yield list(found.entries)
    which, after = Which.of_refresh(refresh), ""
    which = Which.FAILED if trigger is Trigger.RETRY else which
    max_tries = context.settings.max_tries
    while True:
        with session() as s:
            rows = source_files.waiting(s, source.id, which, after, _BATCH, max_tries)
        if not rows:
            return
        after = rows[-1].key
        works = _works(source, rows, refresh, context)
        if works:
            yield works


def _works(
    source: SourceRef, rows: Sequence[SourceFile], refresh: Refresh | None, context: RunContext
) -> list[Work]:
    items = list(dict.fromkeys(row.item_id for row in rows if row.item_id))
    with session() as s:
        wanted = items if refresh is Refresh.FULL else source_files.still_waiting(s, items)
    claimed = claims.claim_dispatched(context.claim_owner, wanted)
    run_session.note(context.run_id, not_claimed(wanted, claimed))
    if source.definition.kind is not SourceKind.BUCKET:
        return [*claimed]
    unread = [row for row in rows if row.item_id is None]
    objects = (source_files.found_object(row) for row in unread)
    return [*claimed, *(entry_of(source.id, source.location, one) for one in objects)]


def note_metrics(source: SourceRef, found: Found, context: RunContext) -> None:
    """Note what the run found, by what stands in the tables now, and what came of it."""
    look = found.look
    with session() as s:
        new, changed = source_pages.counted_since(s, source.id, found.since)
    seen = look.listed - new - changed - look.moved
    run_session.note_metrics(
        context.run_id,
        IngestionMetrics(
            listed=look.listed,
            new=new,
            changed=changed,
            unchanged=max(0, seen),
            moved=look.moved,
            vanished=look.vanished,
            is_whole=look.error is None,
        ),
    )


def _is_away(source: SourceRef) -> NightShiftError | None:
    """What is wrong with a folder; None if it is there, or if it is none."""
    try:
        if source.definition.kind is SourceKind.FOLDER:
            health.check_place(source.location)
    except NightShiftError as error:
        return error
    return None


def _is_site(source: SourceRef) -> bool:
    return source.definition.kind not in {SourceKind.FOLDER, SourceKind.BUCKET}
