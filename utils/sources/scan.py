"""What lies at some paths, and what of it is to be done: stat first, hash only what is new."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import forgotten, item_checksums, items, rulings, subtitle_files, vocabularies
from utils.db import places as known_places
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, StoppedError
from utils.media import formats
from utils.models.item import FileStat, ItemStatus, MediaKind
from utils.models.rules import RuleSet
from utils.models.shift import ItemOutcome, Outcome
from utils.models.verdict import Band
from utils.processes import deadline, limits
from utils.rules import facts, file, matching, revisions
from utils.sources import folders, whereabouts
from utils.storage import blobs, files, sidecars

OnRead = Callable[[Path, float], None]

_CHUNK = 200


class ScanResult(NamedTuple):
    """What is to be done, what came of the rest without any work, and what was left out.

    ``left_out``: how many files of each suffix are no media, and which folders were not searched
    (utils/sources/folders.py). ``copies``: paths whose content lies at another path, too.
    """

    pending: list[str]
    outcomes: list[ItemOutcome]
    left_out: Counter[str]
    copies: frozenset[str] = frozenset()


def scan(
    locations: Sequence[str],
    done_key: str | None,
    settings: Settings,
    again: bool = False,
    tell: OnRead | None = None,
    numbers: Counter[str] | None = None,
) -> ScanResult:
    """Look at files and folders, register the items in them, and sort out what is to do.

    A path that holds other content than before holds another item; one that was not done and lies
    nowhere any more is superseded. Of items with several places the dead ones are forgotten.

    Args:
        locations: Paths of files and folders; folders are searched for media.
        done_key: Items that are done under this key have nothing to do; with None everything
            is to be done again.
        settings: The home, and how many new files are hashed at once.
        again: Take what a person had forgotten, too.
        tell: Is told how far (0–1) the reading of a large file is.
        numbers: Is told how many files each location holds.
    """
    state, outcomes, left_out = (
        _State(done_key, file.load(settings)),
        list[ItemOutcome](),
        Counter[str](),
    )
    paths = []
    for path in folders.expanded(locations, settings, numbers, left_out):
        problem = unusable_name(path)
        if problem:
            outcomes.append(_failed(path, PermanentError(problem)))
        else:
            paths.append(path)
    for start in range(0, len(paths), _CHUNK):
        found, failures = _identified(paths[start : start + _CHUNK], settings, tell)
        outcomes += failures
        with session() as s:
            found, left = whereabouts.not_forgotten(s, found, again)
            outcomes += [_forgotten(path, since) for path, since in left]
            new = [(one, formats.kind_of(one.stat.path)) for one in found if one.is_new]
            items.register_all(s, [(one, kind or MediaKind.VIDEO) for one, kind in new])
            rows = {row.id: row for row in items.preload(s, [one.item_id for one in found])}
            places = whereabouts.alive(s, items.paths_by_item(s, list(rows)), settings)
            for seen in found:
                item, path = rows[seen.item_id], seen.stat.path
                skipped = state.nothing_to_do(s, item, path, places[item.id])
                if skipped:
                    outcomes.append(skipped)
                else:
                    state.pending[item.id] = str(path)
    if not blobs.is_set(settings):  # a store may have what lies nowhere here
        with session() as s:
            known_places.supersede(s)
    return ScanResult(list(state.pending), outcomes, left_out, frozenset(state.copies))


def unusable_name(path: Path) -> str | None:
    """What is wrong with a file's name; None if it can be kept in a database."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return f"The name of {str(path)!a} is no UTF-8. Rename the file."
    return None


def _identified(
    paths: Sequence[Path], settings: Settings, tell: OnRead | None
) -> tuple[list[Seen], list[ItemOutcome]]:
    """The files with their checksums: from the table if unchanged, else by reading them."""
    stats: list[FileStat] = []
    failures: list[ItemOutcome] = []
    for path in paths:
        try:
            if files.is_folder(path) and (refused := folders.no_library(path)):
                raise refused
            stats.append(files.stat(path))
        except NightShiftError as error:
            failures.append(_failed(path, error))
    with session() as s:
        known = _known(s, stats)
        once = forgotten.at(s, stats)
    fresh = [stat for stat in stats if stat.path not in known and stat.path not in once]
    found = [Seen(stat, known[stat.path], False) for stat in stats if stat.path in known]
    found += [Seen(stat, once[stat.path], True) for stat in stats if stat.path in once]
    hashed = list(zip(fresh, _all_hashed(fresh, settings, tell), strict=True))
    with session() as s:
        known_as = item_checksums.items_of(s, [one for _, one in hashed if isinstance(one, str)])
    for stat, result in hashed:
        if isinstance(result, NightShiftError):
            failures.append(_failed(stat.path, result))
        else:
            found.append(Seen(stat, known_as[result], True))
    # Of several copies the one with the shortest name goes first: "song", then "song (copy)".
    found.sort(key=lambda seen: (len(str(seen.stat.path)), seen.stat.path))
    return found, failures


def _known(s: Session, stats: Sequence[FileStat]) -> dict[Path, str]:
    rows = items.known_files(s, [stat.path for stat in stats])
    return {
        stat.path: rows[str(stat.path)].item_id
        for stat in stats
        if str(stat.path) in rows and items.unchanged(rows[str(stat.path)], stat)
    }


def _all_hashed(
    stats: Sequence[FileStat], settings: Settings, tell: OnRead | None
) -> list[str | NightShiftError]:
    """The checksum of each, or why it has none; a large one is left in the middle if need be."""
    is_over = threading.Event()

    def hashed(stat: FileStat) -> str | NightShiftError:
        def hear(share: float) -> None:
            if is_over.is_set():
                raise StoppedError(f"The reading of {stat.path.name} was ended. Run again.")
            if tell:
                tell(stat.path, share)

        try:
            with deadline.within(limits.of_reading(stat.size_bytes, settings)):
                return items.hash_file(stat, hear)
        except NightShiftError as error:
            return error

    with ThreadPoolExecutor(settings.lanes.probe) as pool:
        try:
            return list(pool.map(hashed, stats))
        finally:  # Ctrl-C must not wait for a file of many gigabytes
            is_over.set()


class _State:
    """What a scan found so far: ``pending`` items with the path that each was found at first."""

    def __init__(self, done_key: str | None, rules: RuleSet) -> None:
        self._rules = rules
        self.pending: dict[str, str] = {}
        self.copies: set[str] = set()
        self._done_key = done_key
        self._sidecars: dict[Path, sidecars.Listing] = {}
        self._vocabularies: Mapping[str, str] | None = None

    def nothing_to_do(
        self, s: Session, item: Item, path: Path, places: Sequence[Path]
    ) -> ItemOutcome | None:
        """Why there is nothing to do for a file, or None; ``places`` all held the item."""
        if item.id in self.pending:
            self.copies.add(str(path))
            return _skipped(item, path, f"duplicate of {self.pending[item.id]}")
        if item.claimed_by is not None:
            return _skipped(item, path, "another run is working on it")
        if item.status in (ItemStatus.DONE.value, ItemStatus.SKIPPED.value):
            first = next(
                (place for place in places if place == path or files.is_there(place)), path
            )
            if item.done_key != self._key_at(s, item, first):
                return None
            if item.status == ItemStatus.SKIPPED.value:
                return _skipped(item, path, left_out_by(item))
            same = first == path
            if not same:
                self.copies.add(str(path))
            return _skipped(item, path, "already done" if same else f"duplicate of {first}")
        if item.status == ItemStatus.QUARANTINED.value and self._done_key is not None:
            return _waits(item, path)
        return None

    def _key_at(self, s: Session, item: Item, path: Path) -> str | None:
        """The key under which the item at ``path`` is done, for what lies beside it there."""
        if self._done_key is None:
            return None
        folder = path.parent
        if folder not in self._sidecars:
            self._sidecars[folder] = sidecars.Listing({}, {})
            with suppress(NightShiftError):  # complained of where the item itself is read
                self._sidecars[folder] = subtitle_files.foreign(s, folder)
        if self._vocabularies is None:
            self._vocabularies = vocabularies.by_location(s)
        expected = vocabularies.of_item(s, item.id, path, self._vocabularies)
        key = vocabularies.in_key(under_rules(s, self._done_key, item, path, self._rules), expected)
        return sidecars.complete_key(key, path, self._sidecars[folder])


def under_rules(s: Session, done_key: str, item: Item, path: Path, rules: RuleSet) -> str:
    """The key under which an item at ``path`` is done if ``rules`` hold, and what people asked."""
    if rules.rules:
        decision = matching.decide(rules, facts.known(s, item, path))
        done_key = matching.in_key(done_key, decision)
    return revisions.in_key(done_key, item.requested_changes)


def left_out_by(item: Item) -> str:
    """Why nothing is done with an item that a rule leaves out."""
    ruling = rulings.of(item)
    return f"left out by the rule {ruling.decision.skipped_by}" if ruling else "left out by a rule"


def _skipped(item: Item, path: Path, reason: str) -> ItemOutcome:
    return ItemOutcome(
        item_id=item.id,
        path=str(path),
        kind=item.kind,
        outcome=Outcome.SKIPPED,
        reason=reason,
        verdict=Band(item.verdict) if item.verdict else None,
        score=item.score,
    )


def _waits(item: Item, path: Path) -> ItemOutcome:
    told = _skipped(item, path, f"failed before; `nightshift requeue {item.id[:10]}` tries again")
    return told.model_copy(update={"outcome": Outcome.WAITS_FOR_YOU, "error": item.error or ""})


def _forgotten(path: Path, since: datetime) -> ItemOutcome:
    return ItemOutcome(
        item_id=None,
        path=str(path),
        kind=formats.kind_of(path),
        outcome=Outcome.SKIPPED,
        reason=whereabouts.forgotten_since(since, str(path)),
    )


def _failed(path: Path, error: NightShiftError) -> ItemOutcome:
    kind = formats.kind_of(path)
    printable = str(path).encode(errors="backslashreplace").decode()
    return ItemOutcome.failure(printable, error, kind=kind.value if kind else None)
