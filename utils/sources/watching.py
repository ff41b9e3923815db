"""Watched folders: what comes into them, once it grows no more, in batches.

inotify tells of changes (through watchfiles); a network share, whose other machines it does not
hear, is looked through again and again. A folder that goes (an unmounted share) is waited for.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import watchfiles

from utils import clock
from utils.config import Settings
from utils.db import forgotten, items
from utils.db.session import session
from utils.errors import NightShiftError
from utils.sources import filesystem
from utils.sources.settling import Settling
from utils.storage import files

POLL_SECONDS = 30.0  # of a network share, if nobody says more; chosen
_RESCAN_SECONDS = 600.0  # events get lost (a full queue), and links are not listened to; chosen
_TICK_SECONDS = 0.5
_DEBOUNCE_MS = 300
_Heard = queue.SimpleQueue["tuple[int, set[Path] | OSError]"]


class Watched(NamedTuple):
    """A folder that is watched; ``poll_seconds``: looked through so often, instead of heard.

    ``source``: the source's name, if it is one; ``pattern``: which of its files.
    """

    folder: Path
    settle_seconds: float = 5.0
    poll_seconds: float | None = None
    pattern: str | None = None
    source: str | None = None


class Batch(NamedTuple):
    """Files that came into a folder and grow no more."""

    watched: Watched
    paths: list[Path]


def polled(watched: Watched) -> Watched:
    """The same, polled if it lies on a network share and nobody has said how often."""
    kind = filesystem.kind_of(watched.folder)
    if watched.poll_seconds is None and filesystem.is_network(kind):
        return watched._replace(poll_seconds=POLL_SECONDS)
    return watched


def batches(
    wanted: Sequence[Watched],
    settings: Settings,
    stop: threading.Event,
    tell: Callable[[str], None],
) -> Iterator[Batch]:
    """What comes into folders until ``stop`` is set; what lies there and is not known comes first.

    Files that are still unknown after their batch was worked on come again, twice at most.

    Args:
        wanted: The folders; one that is not there yet is waited for.
        settings: The home, which is never looked into, and the database of what is known.
        stop: Ends it within a second.
        tell: Is told in words when a folder goes, comes back, or can't be heard.
    """
    heard: _Heard = queue.SimpleQueue()
    places = [_Place(n, one, settings, heard, tell) for n, one in enumerate(wanted)]
    try:
        while not stop.is_set():
            for place in places:
                place.look()
                if ready := _unknown(place.settling.ready(clock.monotonic())):
                    yield Batch(place.watched, ready)
                    place.settling.again(_unknown(ready), clock.monotonic())
            _drain(heard, places)
    finally:
        for place in places:
            place.leave()


def _drain(heard: _Heard, places: Sequence[_Place]) -> None:
    """Wait for a change, a tick at most, and note what has changed by then."""
    try:
        number, change = heard.get(timeout=_TICK_SECONDS)
        while True:
            places[number].hear(change)
            number, change = heard.get_nowait()
    except queue.Empty:
        pass


class _Place:
    """A watched folder as it is now: there or not, listened to or looked through."""

    def __init__(
        self,
        number: int,
        watched: Watched,
        settings: Settings,
        heard: _Heard,
        tell: Callable[[str], None],
    ) -> None:
        self.watched, self._number, self._heard, self._tell = watched, number, heard, tell
        self.settling = Settling(watched.folder, watched.settle_seconds, settings, watched.pattern)
        self._there: tuple[int, int] | None = None
        self._was_told_gone = False
        self._ear: threading.Event | None = None
        self._every = watched.poll_seconds
        self._next_scan = 0.0

    def look(self) -> None:
        """Note if the folder went or came, and search it if it is time to."""
        there = _identity(self.watched.folder)
        if there != self._there:
            self.leave()
            self._there = there
            self.settling.clear()
            if there is not None:
                self._arrive()
        if there is None:
            if not self._was_told_gone:
                self._tell(f"{self.watched.folder} is not there; it is waited for.")
                self._was_told_gone = True
            return
        if clock.monotonic() >= self._next_scan:
            self.settling.search()
            self._next_scan = clock.monotonic() + (self._every or _RESCAN_SECONDS)

    def hear(self, change: set[Path] | OSError) -> None:
        """Note paths that changed; one that can't be listened to is looked through from now on."""
        if isinstance(change, set):
            for path in change:
                self.settling.note(path)
        elif self._there is not None:
            self._every = self._every or POLL_SECONDS
            self._tell(
                f"{self.watched.folder} can't be listened to ({change}); it is looked through "
                f"every {self._every:g} s. More inotify watches: sysctl fs.inotify.max_user_watches"
            )

    def leave(self) -> None:
        """Listen no more."""
        if self._ear is not None:
            self._ear.set()
            self._ear = None

    def _arrive(self) -> None:
        if self._was_told_gone:
            self._tell(f"{self.watched.folder} is there again.")
            self._was_told_gone = False
        self._next_scan = 0.0
        is_polled = polled(self.watched).poll_seconds is not None
        self._every = polled(self.watched).poll_seconds
        self.settling.is_shared = is_polled
        if not is_polled:
            self._ear = threading.Event()
            arguments = (self._number, self.watched.folder, self._heard, self._ear)
            threading.Thread(target=_listen, args=arguments, name="watch", daemon=True).start()


def _listen(number: int, folder: Path, heard: _Heard, stop: threading.Event) -> None:
    changes = watchfiles.watch(
        folder, watch_filter=None, debounce=_DEBOUNCE_MS, stop_event=stop, rust_timeout=1000,
        raise_interrupt=False, force_polling=False, ignore_permission_denied=True,
    )  # fmt: skip
    try:
        for change in changes:
            heard.put((number, {Path(path) for _, path in change}))
    except OSError as error:
        heard.put((number, error))


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another at its path: a share that is mounted there, from none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if folder.is_dir() else None


def _unknown(paths: Sequence[Path]) -> list[Path]:
    """Those files that were not taken in before, as they are now."""
    stats = []
    for path in paths:
        try:
            stats.append(files.stat(path))
        except NightShiftError:  # gone, or not to be read: the run says so
            continue
    with session() as s:
        rows = items.known_files(s, [stat.path for stat in stats])
        once = forgotten.at(s, stats)
    return [
        stat.path
        for stat in stats
        if stat.path not in once
        and not ((row := rows.get(str(stat.path))) and items.unchanged(row, stat))
    ]
