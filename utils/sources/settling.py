"""Files that came into a folder, and since when each has not changed: what grows waits."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from utils import clock
from utils.config import Settings
from utils.sources import folders, patterns

_State = tuple[int, int, int]  # size, time of change, inode

# What programs call a file that they have not finished: browsers, yt-dlp, rsync, editors.
_TEMPORARY = re.compile(
    r"^[~#]|~$|\.(part|partial|tmp|temp|crdownload|download|opdownload|filepart|aria2|!ut|unfinished)"
    r"(\.|$)",
    re.IGNORECASE,
)
_PATIENCE_SECONDS = 60.0  # that what has settled waits for what comes with it; chosen
_AGAIN_SECONDS = 300.0  # after which a file that a run could not take in comes again; chosen
_TRIES = 3


class _Pending(NamedTuple):
    state: _State | None
    since: float
    settled_at: float | None = None


class Settling:
    """What is in a folder and was not given yet; ``is_shared``: its disk is another machine's."""

    def __init__(
        self,
        folder: Path,
        settle_seconds: float,
        settings: Settings,
        pattern: str | None = None,
    ) -> None:
        self._folder, self._seconds, self._settings = folder, settle_seconds, settings
        self._pattern = pattern
        self.is_shared = False
        self._pending: dict[Path, _Pending] = {}
        self._given: dict[Path, _State] = {}
        self._later: dict[Path, tuple[_State, int, float]] = {}

    def clear(self) -> None:
        """Forget all: the folder is another one by now."""
        self._pending.clear()
        self._given.clear()
        self._later.clear()

    def search(self) -> None:
        """Note all that the folder holds."""
        for path in folders.media_files(self._folder, self._settings):
            self._add(path)

    def note(self, path: Path) -> None:
        """Note a path that has changed: a file, or a folder that was moved in with its files."""
        if not folders.is_searched(path, self._folder, self._settings):
            return
        if path.is_dir() and not path.is_symlink():
            for found in folders.media_files(path, self._settings):
                self._add(found)
        elif folders.is_media(path):
            self._add(path)

    def ready(self, moment: float) -> list[Path]:
        """The files that have not changed for long enough, once nothing that came with them grows.

        After a minute they are given whatever else comes.
        """
        self._due_again(moment)
        for path, pending in list(self._pending.items()):
            self._look_at(path, pending, moment)
        settled = {path: one for path, one in self._pending.items() if one.settled_at is not None}
        if not settled:
            return []
        first = min(one.settled_at or moment for one in settled.values())
        grow = any(
            one.state and one.state[0] for one in self._pending.values() if not one.settled_at
        )
        if grow and moment - first < _PATIENCE_SECONDS:
            return []
        for path, one in settled.items():
            self._given[path] = one.state or (0, 0, 0)
            del self._pending[path]
        return sorted(settled)

    def again(self, paths: Sequence[Path], moment: float) -> None:
        """Have files come again later that a run could not take in; twice, as they are."""
        for path in paths:
            state = self._given.get(path)
            known, tries, _ = self._later.get(path, (None, 0, 0.0))
            tries = tries + 1 if known == state else 1
            if state and tries < _TRIES:
                self._later[path] = (state, tries, moment + _AGAIN_SECONDS * tries)

    def _add(self, path: Path) -> None:
        if path in self._pending or _TEMPORARY.search(path.name):
            return
        if not patterns.matches(path.relative_to(self._folder).as_posix(), self._pattern):
            return
        state = self._state(path)
        if state is not None and self._given.get(path) != state:
            self._pending[path] = _Pending(state, clock.monotonic())

    def _look_at(self, path: Path, pending: _Pending, moment: float) -> None:
        if pending.settled_at is None and moment - pending.since < self._seconds:
            return  # what has changed by then is seen then
        state = self._state(path)
        if state is None:  # renamed, or gone
            del self._pending[path]
        elif state != pending.state:
            self._pending[path] = _Pending(state, moment)
        elif state[0] and pending.settled_at is None:  # nothing in it yet: it is being made
            self._pending[path] = pending._replace(settled_at=moment)

    def _due_again(self, moment: float) -> None:
        for path, (state, tries, at) in list(self._later.items()):
            if moment >= at:
                self._later[path] = (state, tries, math.inf)
                if self._given.get(path) == state:
                    del self._given[path]
                    self._add(path)

    def _state(self, path: Path) -> _State | None:
        with suppress(OSError):
            if self.is_shared:  # opening it asks the server: what is known here may be old
                number = os.open(path, os.O_RDONLY)
                try:
                    found = os.fstat(number)
                finally:
                    os.close(number)
            else:
                found = path.stat()
            return found.st_size, found.st_mtime_ns, found.st_ino
        return None
