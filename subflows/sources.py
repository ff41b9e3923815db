"""A look into one source: what is there, held against what is known, and registered.

The one way of discovery: a night looks into all sources so, `run-ingestion` into one. A folder's
new files are read here; objects of buckets and entries of sites are fetched when their turn comes
(subflows/fetching.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from subflows import notifications
from subflows.listing import list_addresses
from tasks.context import RunContext
from tasks.ingestion import list_source
from tasks.policy import tries
from utils.clock import now
from utils.config import Settings
from utils.db import addresses, items, source_files, source_pages, sources
from utils.db.schema import Item
from utils.db.session import session
from utils.db.source_files import Content, Which
from utils.db.source_pages import Compared, Place
from utils.db.source_tables import Source
from utils.errors import NightShiftError, PermanentError, StoppedError
from utils.models.found_object import FoundObject
from utils.models.item import Entry, ItemStatus
from utils.models.shift import ItemOutcome, Outcome
from utils.models.source import FileStatus, SourceDefinition, SourceKind
from utils.models.steps import FETCH
from utils.observability import progress
from utils.pipeline.fingerprint import wanted_key
from utils.processes import deadline
from utils.scheduling import run_session
from utils.sources import health, objects, scan, whereabouts
from utils.sources.objects import Unfit
from utils.storage import files


class SourceRef(NamedTuple):
    """A source to look into."""

    id: str
    definition: SourceDefinition

    @property
    def location(self) -> str:
        """Its address, or its folder."""
        return self.definition.url


class Look(NamedTuple):
    """What a look found.

    ``listed``: how many objects or entries; ``error``: why not all of them. ``entries`` of a site
    are to be fetched; ``outcomes`` is what to say of what needs no work.
    """

    listed: int
    compared: Compared = Compared()
    moved: int = 0
    vanished: int = 0
    error: NightShiftError | None = None
    entries: Sequence[Entry] = ()
    outcomes: Sequence[ItemOutcome] = ()


def known(row: Source) -> SourceRef:
    """A source as a look takes it."""
    return SourceRef(row.id, sources.definition(row))


def look_into(source: SourceRef, context: RunContext) -> Look:
    """List a source, note what is new, changed, moved and gone, and read a folder's new files."""
    if source.definition.kind in {SourceKind.FOLDER, SourceKind.BUCKET}:
        return _into_objects(source, context)
    return _into_site(source, context)


def _into_objects(source: SourceRef, context: RunContext) -> Look:
    unfit, is_folder = Unfit([], [], Counter()), source.definition.kind is SourceKind.FOLDER
    listing = _Listing(source, context.settings, unfit)
    began = now()
    error: NightShiftError | None = None
    moved = vanished = 0
    try:
        if is_folder:
            health.check_place(source.location)
        if notifications.are_enough(source.id, source.definition):
            return _told_by_bucket(source, context, unfit)
        list_source(listing.to_its_end)
        listing.check_found()
        moved, vanished = listing.end()
        notifications.note_listed(source.id, source.definition)
    except StoppedError:
        raise
    except NightShiftError as caught:
        error = caught
    run_session.note_left_out(context.run_id, unfit.left_out)
    outcomes: list[ItemOutcome] = []
    if is_folder and error is None:
        outcomes, renamed = _read(source, context)
        outcomes += _complaints([*unfit.unreadable, *unfit.names], context)
        moved += renamed
        _forget_places(source.id, began, context.settings)
    if not is_folder:
        _forget_stale(source.id)
    found = listing.compared
    return Look(sum(found), found, moved, vanished, error, (), outcomes)


def _told_by_bucket(source: SourceRef, context: RunContext, unfit: Unfit) -> Look:
    """What a bucket tells that was listed before; all that it holds counts as listed."""
    found, gone = notifications.take(source.id, source.definition, context.settings, unfit)
    run_session.note_left_out(context.run_id, unfit.left_out)
    _forget_stale(source.id)
    with session() as s:
        number = source_pages.number_there(s, source.id)
    return Look(number, found, vanished=gone)


class _Listing:
    """A listing under way: where it is, and what it found so far."""

    def __init__(self, source: SourceRef, settings: Settings, unfit: Unfit) -> None:
        self.source, self.settings, self.unfit = source, settings, unfit
        self.compared = Compared()
        with session() as s:
            self.place = source_pages.resume(s, source.id)
        self.is_resumed = self.place.after is not None

    def to_its_end(self) -> None:
        """Hold page after page against what is known; what was seen stays seen if it breaks off."""
        with deadline.within(self.settings.step_timeout_seconds):
            for attempt in tries(FETCH.retries):
                with attempt:
                    self._go_on()

    def _go_on(self) -> None:
        source, place = self.source, self.place
        if source.definition.kind is SourceKind.FOLDER:  # from its beginning: a walk has no middle
            self.compared, place = Compared(), Place(place.listing, None)
        for page in objects.pages(source.definition, self.settings, place.after, self.unfit):
            deadline.check(f"listing {source.definition.name}")
            with session() as s:
                one = source_pages.compare(s, source.id, place, page.objects)
                place = place._replace(after=page.last)
                source_pages.save_cursor(s, source.id, place)
            self.place = place
            self.compared = Compared(*map(sum, zip(self.compared, one, strict=True)))

    def check_found(self) -> None:
        """Make sure that a source which held something is not empty now.

        Raises:
            RetryableError: it is.
        """
        location, pattern = self.source.location, self.source.definition.pattern
        with session() as s:
            look = sources.looks(s).get(location)
            held = source_files.is_anything_there(s, self.source.id)
        # With a pattern the last look may have been another source's.
        if look and not self.is_resumed and (held or not pattern):
            health.check_found(location, sum(self.compared), look.found)

    def end(self) -> tuple[int, int]:
        """Note what moved and what vanished, as the listing is whole; returns how many."""
        source, is_whole = self.source, not self.unfit.unreadable
        with session() as s:
            source_pages.save_cursor(s, source.id, None)
            moved = source_pages.moves(s, source.id, self.place.listing) if is_whole else []
            if source.definition.kind is SourceKind.FOLDER:
                for one in moved:
                    before, path = (objects.path_of(source.location, key) for key in one)
                    source_pages.file_moved(s, str(before), str(path))
            gone = source_pages.vanish(s, source.id, self.place.listing) if is_whole else 0
        return len(moved), gone


def _read(source: SourceRef, context: RunContext) -> tuple[list[ItemOutcome], int]:
    """Read a folder's files that are new or may have changed; what to say, how many had moved."""
    settings, after, moved = context.settings, "", 0
    key = wanted_key(context.options, settings)
    told: list[ItemOutcome] = []
    while True:
        with session() as s:
            rows = source_files.waiting(s, source.id, Which.TO_READ, after, objects.PAGE)
        if not rows:
            return told, moved
        after = rows[-1].key
        paths = {str(objects.path_of(source.location, row.key)): row.key for row in rows}
        found = scan.scan(list(paths), key, settings, tell=progress.reading)
        contents = _contents(paths, found)
        with session() as s:
            moved += source_files.read(s, source.id, contents, settings.max_tries)
        waited = {row.key for row in rows if row.tries >= settings.max_tries}
        # Of what was done before nothing is said: it was touched, or moved.
        worth_saying = {one.key for one in contents if one.status is not FileStatus.SUCCESS}
        told += [
            _told(one, paths[one.path] in waited)
            for one in found.outcomes
            if paths.get(one.path) in worth_saying
        ]


def _contents(paths: Mapping[str, str], found: scan.ScanResult) -> list[Content]:
    """What was read of files, keys by path; nothing of those that vanished since they were listed.

    The next listing says so of those.
    """
    failures = {one.path: one for one in found.outcomes if one.outcome is Outcome.FAILED}
    with session() as s:
        places = items.known_files(s, [Path(path) for path in paths if path not in failures])
        held = {row.id: row for row in items.preload(s, [one.item_id for one in places.values()])}
        return [
            _content(
                key,
                held[places[path].item_id] if path in places else None,
                failures.get(path),
                path in found.copies,
            )
            for path, key in paths.items()
            if path not in failures or files.is_there(Path(path))
        ]


def _content(key: str, item: Item | None, failure: ItemOutcome | None, is_copy: bool) -> Content:
    """What becomes of a file by what was read of it."""
    if failure is not None:
        is_final = failure.reason == PermanentError.__name__
        return Content(key, None, FileStatus.FAILED, failure.error, failure.reason, is_final)
    if item is None:  # a person had it forgotten
        return Content(key, None, FileStatus.SKIPPED)
    if item.status == ItemStatus.QUARANTINED.value:
        return Content(key, item.id, FileStatus.FAILED, item.error, item.error_class, True)
    if is_copy:
        return Content(key, item.id, FileStatus.SKIPPED)
    is_done = item.status == ItemStatus.DONE.value
    return Content(key, item.id, FileStatus.SUCCESS if is_done else FileStatus.DISCOVERED)


def _told(one: ItemOutcome, had_failed: bool) -> ItemOutcome:
    """A file that can't be read fails once for good, or thrice; from then on it waits."""
    if one.outcome is not Outcome.FAILED:
        return one
    if had_failed:
        return one.model_copy(update={"outcome": Outcome.WAITS_FOR_YOU})
    is_final = one.reason == PermanentError.__name__
    return one.model_copy(update={"outcome": Outcome.QUARANTINED}) if is_final else one


def _complaints(paths: Sequence[Path], context: RunContext) -> list[ItemOutcome]:
    """What is wrong with paths that are no objects: folders that may not be read, odd names."""
    if not paths:
        return []
    return scan.scan([str(path) for path in paths], None, context.settings).outcomes


def _forget_places(source_id: str, since: datetime, settings: Settings) -> None:
    """Forget places of items that vanished, where they have others."""
    with session() as s:
        gone = source_files.items_gone(s, source_id, since)
        whereabouts.alive(s, items.paths_by_item(s, gone), settings)


def _forget_stale(source_id: str) -> None:
    """Forget that contents of a bucket could not be fetched that it does not hold any more."""
    with session() as s:
        failed = addresses.of_source(s, source_id)
        there = source_pages.current(s, source_id, [one.found for one in failed if one.found])
        addresses.forget(s, [one for one in failed if one.site_id not in there])


def _into_site(source: SourceRef, context: RunContext) -> Look:
    wanted = {source.location: source.definition}
    listing = list_addresses([source.location], context.settings, definitions=wanted)
    error: NightShiftError | None = listing.failures.get(source.location)
    entries = [entry.model_copy(update={"source_id": source.id}) for entry in listing.entries]
    keys = [objects.key_of_entry(entry) for entry in entries]
    keys += [objects.key_of_entry(entry) for entry, _ in listing.known]
    compared = Compared()
    with session() as s:
        look = sources.looks(s).get(source.location)
    try:
        if error is None:
            # All that the site shows, wanted or not: of a channel all may be older than wanted.
            listed = listing.found[source.location]
            number = listed if isinstance(listed, int) else 0
            health.check_found(source.location, number, look.found if look else None)
    except NightShiftError as empty:
        error = empty
    if error is None:
        with session() as s:
            place = source_pages.resume(s, source.id)
            page = [FoundObject(key=key) for key in keys]
            compared = source_pages.compare(s, source.id, place, page)
            fetched = {objects.key_of_entry(entry): item_id for entry, item_id in listing.known}
            source_files.adopt(s, source.id, fetched)
    return Look(len(keys), compared, error=error, entries=entries, outcomes=listing.waiting)
