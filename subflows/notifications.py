"""A bucket that tells what is new: its notifications are taken, and it is listed once a day.

They get lost where a queue is full of days, or was set up later than its bucket: a whole listing
finds what they did not tell.
"""

from __future__ import annotations

from datetime import timedelta

from tasks.ingestion import list_source
from tasks.policy import tries
from utils.clock import now
from utils.config import Settings
from utils.db import flags, source_pages
from utils.db.session import session
from utils.db.source_pages import Compared
from utils.models.source import SourceDefinition
from utils.models.steps import FETCH
from utils.processes import deadline
from utils.sources import objects
from utils.sources.objects import Unfit

_LISTED_EVERY = timedelta(days=1)


def are_enough(source_id: str, definition: SourceDefinition) -> bool:
    """True if a source's notifications say all: it has a queue, and was listed within a day."""
    if definition.options.events_url is None:
        return False
    with session() as s:
        flag = flags.get(s, _flag(source_id))
    return flag is not None and now() - flag.set_at < _LISTED_EVERY


def note_listed(source_id: str, definition: SourceDefinition) -> None:
    """Note that a source was listed to its end."""
    if definition.options.events_url is not None:
        with session() as s:
            flags.put(s, _flag(source_id), {})


def take(
    source_id: str, definition: SourceDefinition, settings: Settings, unfit: Unfit
) -> tuple[Compared, int]:
    """Record what the notifications say; returns what is new and changed, and how many are gone.

    Raises:
        NightShiftError: the queue can't be read; what was not recorded comes again.
    """
    compared, gone = Compared(), 0

    def to_its_end() -> None:
        nonlocal compared, gone
        with deadline.within(settings.step_timeout_seconds):
            for attempt in tries(FETCH.retries):
                with attempt:
                    for batch in objects.told(definition, settings, unfit):
                        with session() as s:
                            place = source_pages.resume(s, source_id)
                            one = source_pages.compare(s, source_id, place, batch.objects)
                            gone += source_pages.remove(s, source_id, batch.removed)
                        batch.acknowledge()
                        compared = Compared(*map(sum, zip(compared, one, strict=True)))

    list_source(to_its_end)
    return compared, gone


def _flag(source_id: str) -> str:
    return f"listed:{source_id}"
