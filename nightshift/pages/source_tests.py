"""Tests of sources: what would be found, looked up beside the requests and asked for by parts."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from fastapi import FastAPI

from utils import clock
from utils.config import Settings
from utils.models.source import SourceDefinition
from utils.models.source_preview import SourcePreview
from utils.scheduling import source_preview

LONGEST_SECONDS = 45.0  # that a look may take; what was found by then is shown. Chosen.
_AT_ONCE = 2
_KEPT = 30  # tests of all people


class Test(NamedTuple):
    """A look that was begun, by whom, and for which source."""

    id: str
    owner: str
    began_at: float
    definition: SourceDefinition
    found: Future[SourcePreview]

    @property
    def is_late(self) -> bool:
        """True if it goes on for so long that nobody waits for it."""
        return clock.monotonic() - self.began_at > 2 * LONGEST_SECONDS


class Tests:
    """The tests of one server, the latest of them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, "source-test")
        self._known: OrderedDict[str, Test] = OrderedDict()

    def begin(self, owner: str, definition: SourceDefinition, settings: Settings) -> Test:
        """Look into what is to be a source, when there is a free thread."""
        found = self._pool.submit(source_preview.of, definition, settings, LONGEST_SECONDS)
        made = Test(secrets.token_hex(8), owner, clock.monotonic(), definition, found)
        while len(self._known) >= _KEPT:
            _, oldest = self._known.popitem(last=False)
            oldest.found.cancel()
        self._known[made.id] = made
        return made

    def find(self, owner: str, test_id: str) -> Test | None:
        """A test of somebody's own."""
        found = self._known.get(test_id)
        return found if found and found.owner == owner else None


def of(app: FastAPI) -> Tests:
    """The tests of a server."""
    if not hasattr(app.state, "source_tests"):
        app.state.source_tests = Tests()
    found: Tests = app.state.source_tests
    return found
