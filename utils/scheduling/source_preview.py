"""What a look into a source would find, and what a refresh would take: nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from utils import clock
from utils.config import Settings
from utils.db import (
    returning,
    source_files,
    source_pages,
    source_reports,
    sources,
    spending,
)
from utils.db.session import session
from utils.db.source_files import Which
from utils.db.source_tables import SourceFile
from utils.media import formats
from utils.models.found_object import FoundObject
from utils.models.item import Entry, MediaKind
from utils.models.options import PipelineOptions
from utils.models.sanitize import visible
from utils.models.source import Refresh, SourceDefinition, SourceKind
from utils.models.source_preview import RefreshPreview, Sighting, SourcePreview
from utils.pipeline import planning
from utils.privacy import redaction
from utils.processes import deadline
from utils.scheduling import estimate, forecast
from utils.sources import health, objects, own_options, wanted, youtube
from utils.sources.objects import Unfit

_KEYS = 20  # that a preview names
_AT_ONCE = 5000
_NOT_WANTED = "not of its pattern, older than it wants, or more than it keeps"
_BYTES_A_SECOND = 10**6  # of what nobody has looked into: 1080p at 8 Mbit/s. Chosen.


def look(
    source_id: str, settings: Settings, hear: Callable[[FoundObject, bool], None] | None = None
) -> SourcePreview:
    """What is in a source now, held against what is known.

    Args:
        source_id: The source.
        settings: For the home, and for access to buckets and sites.
        hear: Is told each object that is new (False), or may have changed (True).

    Raises:
        NightShiftError: it can't be listed; says why.
    """
    with session() as s:
        row = sources.find(s, source_id)
        definition, kept_id = sources.definition(row), row.id
    return _looked(_Look(definition, kept_id, settings, hear))


def of(definition: SourceDefinition, settings: Settings, seconds: float) -> SourcePreview:
    """What a source would find that there is not yet; all of it is new.

    Args:
        definition: The source; the secrets of its address may be sealed.
        settings: For the home, and for access to buckets and sites.
        seconds: How long it may look; what was found by then counts, and ``is_whole`` says so.

    Raises:
        NightShiftError: it can't be listed; says why.
    """
    with deadline.within(seconds):
        return _looked(_Look(definition, None, settings, None, clock.monotonic() + seconds))


class _Look(NamedTuple):
    """What is looked at: ``source_id`` is None for what is no source yet."""

    definition: SourceDefinition
    source_id: str | None
    settings: Settings
    hear: Callable[[FoundObject, bool], None] | None
    ends_at: float = float("inf")


class _Told(NamedTuple):
    """What a listing says besides its objects."""

    unfit: Unfit
    skipped: Counter[str]
    entries: dict[str, Entry]


def _looked(at: _Look) -> SourcePreview:
    told = _Told(Unfit([], [], Counter()), Counter(), {})
    sightings, totals, alive, is_whole = list[Sighting](), Counter[str](), 0, True
    for page in _pages(at.definition, at.settings, told):
        found = {one.key: one for one in page}
        known = _known(at.source_id, list(found))
        same = {key for key, row in known.items() if source_pages.is_same(row, found[key])}
        totals += Counter(
            new=len(found) - len(known), changed=len(known) - len(same), unchanged=len(same)
        )
        alive += sum(row.vanished_at is None for row in known.values())
        for key, one in found.items():
            if key not in same:
                if len(sightings) < _KEYS:
                    sightings.append(_sighting(one, told.entries.get(key)))
                if at.hear:
                    at.hear(one, key in known)
        if clock.monotonic() > at.ends_at:
            is_whole = False
            break
    vanished, waiting = _before(at, alive)
    return SourcePreview(
        name=at.definition.name,
        kind=at.definition.kind,
        listed=totals.total(),
        new=totals["new"],
        changed=totals["changed"],
        unchanged=totals["unchanged"],
        vanished=vanished,
        waiting=waiting,
        keys=tuple(one.key for one in sightings),
        sightings=tuple(sightings),
        left_out=dict(told.unfit.left_out),
        skipped=dict(told.skipped),
        is_whole=is_whole,
    )


def _known(source_id: str | None, keys: list[str]) -> dict[str, Any]:
    if source_id is None:
        return {}
    with session() as s:
        return {row.key: row for row in source_pages.known_objects(s, source_id, keys)}


def _before(at: _Look, alive: int) -> tuple[int | None, int]:
    """How many objects are gone (None where the source does not say), and how many wait."""
    if at.source_id is None:
        return None, 0
    with session() as s:
        held = source_reports.file_counts(s, at.source_id)
        waiting = source_files.count_due(s, at.source_id, at.settings.max_tries)
    there = sum(number for status, number in held.items() if status != "vanished")
    is_site = at.definition.kind not in {SourceKind.FOLDER, SourceKind.BUCKET}
    return None if is_site else max(0, there - alive), waiting


def _sighting(one: FoundObject, entry: Entry | None) -> Sighting:
    key = visible(one.key)
    if entry is None:
        return Sighting(key=key, name=key, size_bytes=one.size_bytes, dated_at=one.modified_at)
    return Sighting(
        key=key,
        name=visible(entry.title or redaction.shown(entry.url)),
        duration_seconds=entry.duration_seconds,
        dated_at=entry.published_at,
    )


def _pages(
    definition: SourceDefinition, settings: Settings, told: _Told
) -> Iterator[list[FoundObject]]:
    if definition.kind in {SourceKind.FOLDER, SourceKind.BUCKET}:
        if definition.kind is SourceKind.FOLDER:
            health.check_place(definition.url)
        for page in objects.pages(definition, settings, None, told.unfit):
            yield page.objects
        return
    listed = [entry.model_copy(update={"source": definition.url})
              for entry in youtube.entries(definition.url, settings, definition)]  # fmt: skip
    with session() as s:
        found = wanted.chosen(listed, [definition], returning.days(s, listed))
    for _, why in (*found.waiting, *found.hidden):
        told.skipped[why] += 1
    if others := len(listed) - len(found.entries) - told.skipped.total():
        told.skipped[_NOT_WANTED] += others
    told.entries.update({objects.key_of_entry(entry): entry for entry in found.entries})
    yield [FoundObject(key=key) for key in told.entries]


def refresh(
    source_id: str, wanted: Refresh, options: PipelineOptions, settings: Settings
) -> tuple[SourcePreview, RefreshPreview]:
    """What is in a source now, and what a refresh would take of it.

    Raises:
        NightShiftError: the source can't be listed, or what it says of its items can't be.
    """
    with session() as s:
        definition = sources.definition(sources.find(s, source_id))
        history, usual = forecast.learn(s), spending.usual_of_item(s)
    chosen = own_options.of_source(definition, options, settings)
    chosen = chosen.model_copy(update={"force": chosen.force or wanted is Refresh.FULL})
    total = _Total(lambda one: _of_new(one, history, chosen, settings))

    def hear(one: FoundObject, is_changed: bool) -> None:
        taken = {Refresh.CHANGED} if is_changed else {Refresh.NEW_ONLY, Refresh.FULL}
        if wanted in taken:  # all that is known, changed or not, is counted by its row
            total.add_new(one)

    found = look(source_id, settings, hear)
    for rows in _rows(source_id, wanted, settings.max_tries):
        fresh = [source_files.found_object(row) for row in rows if row.item_id is None]
        for one in fresh:
            total.add_new(one)
        known = [row.item_id for row in rows if row.item_id]
        total.add(len(known), [row.size_bytes for row in rows if row.item_id])
        total.seconds += _of_known(known, chosen, settings)
    return found, RefreshPreview(
        name=definition.name,
        refresh=wanted,
        objects=total.number,
        to_fetch=total.new if definition.kind is not SourceKind.FOLDER else 0,
        size_bytes=total.size_bytes,
        unknown_sizes=total.unknown_sizes,
        minutes=round(total.seconds / settings.concurrency / 60, 1),
        cost_usd=_cost(total.number, usual, chosen, settings),
        cost_at_most_usd=_at_most(total.number, chosen, settings),
    )


class _Total:
    """What a refresh comes to so far; ``predict`` says the seconds of what nobody looked into."""

    def __init__(self, predict: Callable[[FoundObject], float]) -> None:
        self.predict = predict
        self.number = self.new = self.size_bytes = self.unknown_sizes = 0
        self.seconds = 0.0

    def add_new(self, one: FoundObject) -> None:
        """Count an object in that is no item yet."""
        self.new += 1
        self.seconds += self.predict(one)
        self.add(1, [one.size_bytes])

    def add(self, number: int, sizes: Sequence[int | None]) -> None:
        """Count objects in."""
        self.number += number
        self.size_bytes += sum(size or 0 for size in sizes)
        self.unknown_sizes += sum(size is None for size in sizes)


def _rows(source_id: str, wanted: Refresh, max_tries: int) -> Iterator[Sequence[SourceFile]]:
    which, after = Which.of_refresh(wanted), ""
    while True:
        with session() as s:
            rows = source_files.waiting(s, source_id, which, after, _AT_ONCE, max_tries)
        if not rows:
            return
        yield rows
        after = rows[-1].key


def _of_known(ids: list[str], options: PipelineOptions, settings: Settings) -> float:
    with session() as s:
        there = source_files.existing(s, list(dict.fromkeys(ids)))
    need = estimate.of(there, options, settings, timed=True)
    return sum(need(item_id).seconds for item_id in there)


def _of_new(
    one: FoundObject, history: forecast.Forecast, options: PipelineOptions, settings: Settings
) -> float:
    """Seconds for an object that nobody has looked into, by its name and its size."""
    kind = formats.kind_of(Path(one.key.rpartition("/")[2])) or MediaKind.VIDEO
    is_image = kind is MediaKind.IMAGE
    length = None if is_image else (one.size_bytes or 600 * _BYTES_A_SECOND) / _BYTES_A_SECOND
    steps = planning.expected(kind, options, settings)
    return forecast.seconds(history, kind.value, length, steps)


def _is_paid(options: PipelineOptions, settings: Settings) -> bool:
    return settings.gemini_api_key is not None and options.analysis.engine != "local"


def _cost(
    number: int, usual: float | None, options: PipelineOptions, settings: Settings
) -> float | None:
    if not number or not _is_paid(options, settings):
        return 0.0
    return None if usual is None else round(number * usual, 4)


def _at_most(number: int, options: PipelineOptions, settings: Settings) -> float | None:
    if not _is_paid(options, settings):
        return 0.0
    item, shift = settings.ai_item_ceiling_usd, settings.ai_shift_ceiling_usd
    limits = ([] if item is None else [number * item]) + ([] if shift is None else [shift])
    return round(min(limits), 2) if limits else None
