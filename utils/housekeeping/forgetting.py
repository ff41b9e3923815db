"""An item forgotten: its rows, all that was made of it, and, if a person says so, its files.

The rows go last: after kill -9 the item is there still, and forgetting it once more ends the work.
Meanwhile it is claimed, so that no run works on it.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.critic import memory
from utils.db import forgotten, items, publications, queue, reviews, workers
from utils.db.publication_tables import PublicationRow
from utils.db.schema import File, Item
from utils.db.session import session
from utils.distribution import requests
from utils.errors import NightShiftError, PermanentError, RetryableError
from utils.models.publishing import PublicationResult
from utils.search import vectors
from utils.storage import blobs, picture_cache, publishing, relative_paths, removal
from utils.subtitles import placing

_PUBLISHING = "upload_thumbnails"


class Forgetting(NamedTuple):
    """One item, and all that goes with it; ``files`` stay unless a person says otherwise.

    ``made``: what lies in the home because of it; ``size_bytes`` of that; ``published``: addresses;
    ``stored``: checksums of files in the shared store that no other item has; ``publications``:
    what lies at targets, or is under way there.
    """

    item_id: str
    title: str
    executions: int
    made: tuple[Path, ...]
    size_bytes: int
    files: tuple[File, ...]
    published: tuple[str, ...]
    stored: tuple[str, ...]
    publications: tuple[PublicationRow, ...] = ()


class Outcome(NamedTuple):
    """What was forgotten, and what could not be removed and why."""

    item_ids: tuple[str, ...]
    left: tuple[str, ...]


def preview(wanted: Sequence[str], settings: Settings) -> list[Forgetting]:
    """What would go with each of these items: checksums, beginnings of them, or paths.

    Raises:
        PermanentError: there is no such item, or it is in work.
    """
    with session() as s:
        ids = list(dict.fromkeys(_id(s, one) for one in wanted))
        return [_of(s, item_id, ids, settings) for item_id in ids]


def _id(s: Session, wanted: str) -> str:
    item = items.find(s, wanted)
    if item.claimed_by is not None:
        raise PermanentError(f"Another run is working on {item.title}. Wait until it is through.")
    return item.id


def _of(s: Session, item_id: str, together: Sequence[str], settings: Settings) -> Forgetting:
    places = tuple(items.files_of(s, item_id))
    rows = forgotten.executions_of(s, [item_id])
    own = {Path(row.path) for row in places}
    made = [path for path in _below(_folder(item_id, settings)) if path not in own]
    made += [path for path in placing.nightly(s, item_id) if path not in made]
    digests = {
        digest
        for row in rows
        for digest in relative_paths.digests(row.result, settings.home).values()
    }
    if digests:
        digests -= forgotten.mentioned_elsewhere(s, digests, together)
    return Forgetting(
        item_id=item_id,
        title=s.get_one(Item, item_id).title,
        executions=len(rows),
        made=tuple(made),
        size_bytes=sum(path.lstat().st_size for path in made),
        files=places,
        published=tuple(sorted(url for row in rows for url in _published(row.step, row.result))),
        stored=tuple(sorted(digests)),
        publications=tuple(publications.there_or_due(s, item_id)),
    )


def _published(step: str, result: object) -> Iterator[str]:
    if step == _PUBLISHING and isinstance(result, dict):
        yield from (str(file["url"]) for file in result.get("files", ()))


def _folder(item_id: str, settings: Settings) -> Path:
    return settings.home / "items" / item_id[:2] / item_id


def _below(folder: Path) -> list[Path]:
    if folder.is_symlink():
        return []
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def forget(found: Sequence[Forgetting], settings: Settings, with_files: bool = False) -> Outcome:
    """Forget items; with ``with_files`` also remove the files that they are, where unchanged.

    An item whose copies elsewhere can't be removed now is kept, to be forgotten another time.

    Raises:
        NightShiftError: the database can't be written.
    """
    worker, ids = f"forget-{uuid.uuid4().hex[:12]}", [one.item_id for one in found]
    with session() as s:
        workers.register(s, worker, None, settings.lease_seconds)
        mine = set(queue.claim_these(s, worker, ids))
    left = [
        f"{one.title}: another run is working on it" for one in found if one.item_id not in mine
    ]
    gone: list[str] = []
    try:
        for one in (one for one in found if one.item_id in mine):
            try:
                left += _remove(one, settings, with_files)
            except NightShiftError as error:
                left.append(f"{one.title} is kept: {error}")
                continue
            with session() as s:
                gone += forgotten.forget(s, worker, [one.item_id])
    finally:
        with session() as s:
            queue.release_all(s, worker)
            workers.unregister(s, worker)
    return Outcome(tuple(gone), tuple(left))


def _remove(one: Forgetting, settings: Settings, with_files: bool) -> list[str]:
    """Remove all that is no row; returns what stays, and why.

    Raises:
        NightShiftError: the index, the store or the place of publication does not answer.
    """
    indexes = _take_back(one, settings)
    elsewhere = publishing.retract(one.published, settings.publish_url)
    blobs.remove(one.stored, one.item_id if with_files else None, settings)
    vectors.forget([one.item_id], settings)
    with session() as s:
        decided = [review.id for review in reviews.of_item(s, one.item_id)]
    for review_id in decided:
        memory.forget(review_id, settings)
    files = [problem for row in one.files if with_files and (problem := _remove_file(row))]
    return [
        *indexes,
        *(f"{url} stays: it is not below NIGHTSHIFT_PUBLISH_URL" for url in elsewhere),
        *files,
        *_remove_made(one, settings, with_files),
        *(f"{path} could not be removed" for path in placing.remove_all(one.item_id)),
    ]


def _take_back(one: Forgetting, settings: Settings) -> Sequence[str]:
    """Take the item back from the targets that it is published at; returns what stays, and why.

    Raises:
        RetryableError: one of them is away, or another process is at it.
    """
    if not one.publications:
        return ()
    taken = requests.take_back([row.id for row in one.publications], settings)
    left = [
        f"{done.target}: {done.error}"
        for done in taken.outcomes
        if done.result is not PublicationResult.RETRACTED
    ]
    if left:
        raise RetryableError(f"it could not be taken back from {'; '.join(left)}")
    return taken.problems


def _remove_made(one: Forgetting, settings: Settings, with_files: bool) -> Iterator[str]:
    """Remove the item's folder in the home, but for files that are to stay; its small pictures."""
    if not picture_cache.forget(settings.home, one.item_id):
        yield f"small pictures of {one.title} could not be removed"
    kept = set() if with_files else {Path(row.path) for row in one.files}
    folder = _folder(one.item_id, settings)
    if not folder.exists():
        return
    place = f"items/{one.item_id[:2]}"
    if not any(path.is_relative_to(folder) for path in kept):
        if not removal.remove(settings.home, place, one.item_id):
            yield f"{folder} could not be removed"
        return
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            stays = any(one.is_relative_to(path) for one in kept)
            if not stays and not removal.remove(settings.home, f"{place}/{folder.name}", path.name):
                yield f"{path} could not be removed"


def _remove_file(row: File) -> str | None:
    """Remove a file that is the item still; what is wrong if it stays."""
    path = Path(row.path)
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} stays: {error.strerror}"
    try:
        found = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
        as_seen = (row.size_bytes, row.modified_ns, row.inode)
        if not stat.S_ISREG(found.st_mode):
            return f"{path} stays: it is a link or no file"
        if (found.st_size, found.st_mtime_ns, str(found.st_ino)) != as_seen:
            return f"{path} stays: it has changed since it was taken in"
        os.unlink(path.name, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} stays: {error.strerror}"
    finally:
        os.close(folder)
    return None
