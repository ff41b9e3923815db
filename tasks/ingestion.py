"""Steps that get hold of a file and say whether it is known."""

from __future__ import annotations

from collections.abc import Callable

from prefect import task
from prefect.cache_policies import NO_CACHE
from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.lanes import lane
from tasks.policy import essential_step, step, tries
from utils.config import Settings
from utils.db import items, sources
from utils.db.session import session
from utils.errors import NightShiftError, RetryableError
from utils.models.item import Checksum, DuplicateCheck, Entry, Fetched, MediaItem
from utils.models.source import SourceDefinition
from utils.models.steps import FETCH
from utils.sources import wanted, youtube
from utils.storage import files, removal, scratch


@essential_step()
def fetch_media(context: RunContext, item: Entry) -> Fetched:
    """Download one entry of a site; the file is verified by the steps that follow."""
    settings = context.settings
    fetched = youtube.download(item, scratch.folder(), settings, definition_of(item))
    # Whole, at a name that a later run finds: nothing is downloaded twice after a crash.
    removal.remove(settings.home, settings.incoming.name, item.item_id)
    place = files.moved_folder(fetched.path.parent, settings.incoming / item.item_id)
    return fetched.model_copy(update={"path": place / fetched.path.name})


def definition_of(entry: Entry) -> SourceDefinition | None:
    """The source that listed an entry, as it is defined now; None if it is none any more."""
    if entry.source is None:
        return None
    with session() as s:
        found = sources.at(s, [entry.source]).get(entry.source, [])
    return next((one for one in found if wanted.fits(entry, one.pattern)), None)


def _stat(item: MediaItem) -> str:
    return files.stat(item.path).model_dump_json()


@essential_step(inputs=_stat)
def generate_checksum(context: RunContext, item: MediaItem) -> Checksum:
    """Make sure that the file is still the one that was registered."""
    stat = files.stat(item.path)
    with session() as s:
        row = items.known_files(s, [item.path]).get(str(item.path))
    known = row is not None and items.unchanged(row, stat) and row.item_id == item.item_id
    checksum = item.item_id if known else items.hash_file(stat)
    if checksum != item.item_id:
        raise RetryableError(
            f"{item.path.name} changed since it was taken in. Run again: it is a new item now."
        )
    return Checksum(sha256=checksum, size_bytes=stat.size_bytes)


def _copies(item: MediaItem) -> str:
    with session() as s:
        return "\n".join(sorted(map(str, items.paths_of(s, item.item_id))))


@step(inputs=_copies)
def check_duplicate(context: RunContext, item: MediaItem) -> DuplicateCheck:
    """Other files with the same content, and whether it was processed before."""
    with session() as s:
        return _duplicates(s, item)


def _duplicates(s: Session, item: MediaItem) -> DuplicateCheck:
    known = items.known_path(s, item)
    others = tuple(path for path in items.paths_of(s, item.item_id) if path != known)
    row = items.find(s, item.item_id)
    return DuplicateCheck(
        is_duplicate=bool(others),
        existing_id=item.item_id if others else None,
        name=row.title if others else None,
        paths=others,
        processed_at=row.processed_at,
    )


@task(name="list-entries", cache_policy=NO_CACHE, persist_result=False)
def _listed(list_them: Callable[[], list[Entry]]) -> list[Entry]:
    return list_them()  # a function: Prefect would walk through the settings


def list_entries(
    address: str, settings: Settings, definition: SourceDefinition | None = None
) -> list[Entry] | NightShiftError:
    """The entries at an address (that of a source, if it is defined), or why it can't be listed."""
    try:
        for attempt in tries(FETCH.retries):
            with attempt, lane(FETCH.lane):
                return _listed(lambda: youtube.entries(address, settings, definition))
    except NightShiftError as error:
        return error
    raise AssertionError("the last attempt returns or raises")
