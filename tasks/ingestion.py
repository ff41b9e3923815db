"""Steps that get hold of a file and say whether it is known."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.lanes import lane
from tasks.policy import essential_step, step, tries
from utils.config import Settings
from utils.db import item_checksums, items, sources
from utils.db.session import session
from utils.db.source_tables import Source
from utils.errors import NightShiftError, PermanentError, RetryableError, from_os_error
from utils.media import formats
from utils.models.found_object import FoundObject
from utils.models.item import Checksum, DuplicateCheck, Entry, Fetched, MediaItem
from utils.models.source import SourceDefinition
from utils.models.steps import FETCH
from utils.sources import wanted, youtube
from utils.storage import files, removal, scratch


@essential_step()
def fetch_media(context: RunContext, item: Entry) -> Fetched:
    """Download one entry of a site; the file is verified by the steps that follow."""
    settings = context.settings
    if item.found is not None:
        fetched = _object(item, item.found, settings)
    else:
        fetched = youtube.download(item, scratch.folder(), settings, definition_of(item))
    # Whole, at a name that a later run finds: nothing is downloaded twice after a crash.
    removal.remove(settings.home, settings.incoming.name, item.item_id)
    place = files.moved_folder(fetched.path.parent, settings.incoming / item.item_id)
    return fetched.model_copy(update={"path": place / fetched.path.name})


def definition_of(entry: Entry) -> SourceDefinition | None:
    """The source that listed an entry, as it is defined now; None if it is none any more."""
    with session() as s:
        row = s.get(Source, entry.source_id) if entry.source_id else None
        if row is not None:
            return sources.definition(row)
        found = sources.at(s, [entry.source]).get(entry.source, []) if entry.source else []
    return next((one for one in found if wanted.fits(entry, one.pattern)), None)


def _object(item: Entry, found: FoundObject, settings: Settings) -> Fetched:
    """Download an object of a bucket; held against its listing by whoever fetches it."""
    from utils.sources import buckets  # its libraries are an extra, and take a second

    with session() as s:
        row = s.get(Source, item.source_id)
        definition = sources.definition(row) if row else None
    if definition is None:
        raise PermanentError(f"The source of {item.url} was removed. Add it again, then run again.")
    folder = scratch.folder() / uuid.uuid4().hex
    name = Path(found.key.rpartition("/")[2])  # a stranger's: no more than its suffix is used
    target = folder / f"media{name.suffix.lower() if formats.kind_of(name) else ''}"
    try:
        folder.mkdir(parents=True)
        buckets.fetch(definition, found, target, settings)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise from_os_error(error, f"writing {target.name}") from error
    except NightShiftError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Fetched(path=target, title=item.title or item.item_id[:12], url=item.url)


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
    with session() as s:
        is_it = checksum == item.item_id or item_checksums.item_of(s, checksum) == item.item_id
    if not is_it:
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


@task(name="list-source", cache_policy=NO_CACHE, persist_result=False)
def list_source(list_it: Callable[[], None]) -> None:
    """List a folder or a bucket, as ``list_it`` does: Prefect shows that it was, and for how long.

    Raises:
        NightShiftError: it can't be listed to its end.
    """
    list_it()


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
