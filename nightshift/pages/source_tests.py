"""Tests of sources: what would be found, looked up beside the requests and asked for by parts.

What came of one is a file: the process that is asked for it is often another than the one that
looked.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from utils import clock
from utils.config import Settings
from utils.errors import NightShiftError
from utils.models.base import Frozen
from utils.models.source import SourceDefinition
from utils.models.source_preview import SourcePreview
from utils.privacy.redaction import shown
from utils.scheduling import source_preview
from utils.storage import files

LONGEST_SECONDS = 45.0  # that a look may take; what was found by then is shown. Chosen.
_LATE = timedelta(seconds=2 * LONGEST_SECONDS)
_KEPT = 30  # tests of all people

_log = logging.getLogger(__name__)
_threads = ThreadPoolExecutor(2, "source-test")
_waiting: deque[Future[None]] = deque()


class Test(Frozen):
    """A look, and by whom it was begun; ``found`` or ``why`` not, once it is over."""

    owner: str
    began_at: datetime
    found: SourcePreview | None = None
    why: str | None = None

    @property
    def is_over(self) -> bool:
        """True if it found something, or says why not."""
        return self.found is not None or self.why is not None

    @property
    def is_late(self) -> bool:
        """True if it goes on for so long that nobody waits for it."""
        return clock.now() - self.began_at > _LATE


def begin(owner: str, definition: SourceDefinition, settings: Settings) -> str:
    """Look into what is to be a source, when there is a free thread; returns the test's id.

    Raises:
        ResourceError: the disk is full.
    """
    test_id, test = secrets.token_hex(8), Test(owner=owner, began_at=clock.now())
    _write(test_id, test, settings)
    _forget_old(settings)
    _waiting.append(_threads.submit(_look, test_id, test, definition, settings))
    _waiting[-1].add_done_callback(_told)
    while len(_waiting) > _KEPT:
        _waiting.popleft().cancel()
    return test_id


def find(owner: str, test_id: str, settings: Settings) -> Test | None:
    """A test of somebody's own."""
    try:
        found = Test.model_validate_json(_place(test_id, settings).read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.owner == owner else None


def _look(test_id: str, test: Test, definition: SourceDefinition, settings: Settings) -> None:
    try:
        found = source_preview.of(definition, settings, LONGEST_SECONDS)
        over = test.model_copy(update={"found": found})
    except NightShiftError as error:
        over = test.model_copy(update={"why": shown(str(error))})
    _write(test_id, over, settings)


def _told(look: Future[None]) -> None:
    if not look.cancelled() and (error := look.exception()):  # would be seen nowhere
        _log.error("A test of a source failed.", exc_info=error)


def _write(test_id: str, test: Test, settings: Settings) -> None:
    place = _place(test_id, settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    with files.whole_file(place) as temporary:
        temporary.write_text(test.model_dump_json())


def _forget_old(settings: Settings) -> None:
    """Another process may forget the same at the same time."""
    with suppress(OSError):
        known = sorted(
            _place("", settings).parent.glob("*.json"), key=lambda one: one.stat().st_mtime
        )
        for one in known[:-_KEPT]:
            one.unlink(missing_ok=True)


def _place(test_id: str, settings: Settings) -> Path:
    return settings.home / "cache" / "source-tests" / f"{test_id}.json"
