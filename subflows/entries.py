"""What is noted of an entry as it is fetched: among the addresses, and at its source."""

from __future__ import annotations

from sqlalchemy.orm import Session

from utils.db import addresses, downloads, source_files
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.item import Entry
from utils.models.source import FileStatus
from utils.sources.objects import key_of_entry


def is_known(s: Session, entry: Entry) -> bool:
    """True if an entry was fetched before: then its source knows the item by now."""
    found = downloads.known(s, [entry]).get(entry.item_id)
    if found and entry.source_id:
        content = source_files.Content(key_of_entry(entry), found, FileStatus.SUCCESS)
        source_files.read(s, entry.source_id, [content], max_tries=1)
    return found is not None


def take(s: Session, worker: str, entry: Entry) -> bool:
    """Claim an entry at its source, if it has one; False if another worker has it."""
    if not entry.source_id:
        return True
    return source_files.take(s, worker, entry.source_id, key_of_entry(entry))


def settle_failed(s: Session, entry: Entry, error: NightShiftError, max_tries: int) -> bool:
    """Note that an entry could not be fetched; True: it was the last try."""
    is_final = addresses.settle_failed(s, entry, error, max_tries)
    if entry.source_id:
        tries = max_tries if is_final else None
        source_files.not_fetched(s, entry.source_id, key_of_entry(entry), error, tries)
    return is_final


def leave(entry: Entry) -> None:
    """Note that an entry holds what is known already, or what a person had forgotten."""
    if entry.source_id:
        with session() as s:
            source_files.left(s, entry.source_id, key_of_entry(entry))
