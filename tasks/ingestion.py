"""Steps that get hold of a file and say whether it is known."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tasks.policy import step
from utils import scratch
from utils.clients import youtube
from utils.config import load_settings
from utils.db import items
from utils.db.session import session
from utils.errors import RetryableError
from utils.media import files
from utils.models.item import Checksum, DuplicateCheck, Entry, Fetched, MediaItem


@step()
def fetch_media(item: Entry) -> Fetched:
    """Download one entry of a site; the file is verified by the steps that follow."""
    settings = load_settings()
    fetched = youtube.download(item, scratch.folder(), settings)
    # Whole, at a name that a later run finds: nothing is downloaded twice after a crash.
    place = files.moved_folder(fetched.path.parent, settings.incoming / item.item_id)
    return fetched.model_copy(update={"path": place / fetched.path.name})


def _stat(item: MediaItem) -> str:
    return files.stat(item.path).model_dump_json()


@step(fingerprint=_stat)
def generate_checksum(item: MediaItem) -> Checksum:
    """Make sure that the file still is the one that was taken in."""
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


@step(fingerprint=_copies)
def check_duplicate(item: MediaItem) -> DuplicateCheck:
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
