"""Uploads on their way into the inbox: begun where there is room, named when they are whole."""

from __future__ import annotations

import contextlib
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from utils import clock
from utils.clock import now
from utils.config import Settings
from utils.db import items
from utils.db import uploads as rows
from utils.db.session import session
from utils.db.upload_tables import Upload
from utils.db.uploads import Arrived
from utils.errors import NightShiftError, PermanentError
from utils.storage import files, uploads
from utils.storage.uploads import Partial


class WrongChecksumError(PermanentError):
    """The content has not the checksum that was named for it."""


class Told(NamedTuple):
    """What is said of an upload before it comes; sizes in bytes, None where they are not said."""

    name: str
    size_bytes: int | None
    sha256: str | None = None
    metadata: str = ""


def begin(owner: str, told: Told, settings: Settings, wanted_bytes: int = 0) -> str:
    """Make room for an upload; returns its id.

    Args:
        owner: The token that it is begun with.
        told: What is said of it.
        settings: The inbox and the limits.
        wanted_bytes: What it may take where its size is not known.

    Raises:
        ThrottledError: the owner has too many open ones.
        ResourceError: the disk has no room for it beside those that are open.
    """
    upload_id = uuid.uuid4().hex
    remove_expired(settings, now() - timedelta(days=settings.retention_days))
    upload = Upload(
        id=upload_id,
        owner=owner,
        name=told.name,
        told=told.metadata,
        size_bytes=told.size_bytes,
        sha256=told.sha256,
        expires_at=now() + timedelta(hours=settings.api.upload_hours),
    )
    with session() as s:
        open_bytes = rows.begin(s, upload, settings.api.open_uploads)
        came = sum(found.size_bytes for found in uploads.partials(settings.inbox))
        to_come = max(0, open_bytes - came) + wanted_bytes
        uploads.require_room(settings.inbox, to_come, settings.min_free_bytes)
        uploads.create(settings.inbox, upload_id)
    return upload_id


def discard(upload_id: str, settings: Settings) -> None:
    """Remove what came of an upload, and that there was one."""
    uploads.remove(settings.inbox, upload_id)
    with session() as s:
        rows.remove(s, upload_id)


def verified(partial: Partial, upload: Upload) -> int:
    """How much of an upload counts: what an interrupted request left unproven is cut off."""
    if upload.unverified_from is not None and partial.size_bytes > upload.unverified_from:
        partial.keep(upload.unverified_from)
    return partial.size_bytes


def finish(partial: Partial, upload: Upload, settings: Settings) -> None:
    """Give a whole upload its name in the inbox; where the same content lies there it stays so.

    What a process did of it before it was killed is not done again.

    Raises:
        WrongChecksumError: it is not what was named; what came is removed.
    """
    digest = partial.checksum("sha256", 0).hex()
    if upload.sha256 and digest != upload.sha256:
        discard(upload.id, settings)
        raise WrongChecksumError(
            f"{upload.name} has the SHA-256 {digest}, and not {upload.sha256}: it was damaged on "
            "its way, and is removed. Send it again."
        )
    size = partial.size_bytes
    landed = _landed_before(partial, upload)
    there = None if landed else _same_content(digest, size, settings)
    landed = landed or there or _land(partial, upload, digest, settings)
    with session() as s:
        rows.complete(s, upload.id, landed, Arrived(digest, size, there is not None))
    uploads.remove(settings.inbox, upload.id)


def _landed_before(partial: Partial, upload: Upload) -> Path | None:
    """Where it lies if a process was killed after it had named it."""
    with contextlib.suppress(OSError):
        if upload.landed and Path(upload.landed).samefile(partial.path):
            return Path(upload.landed)
    return None


def _same_content(digest: str, size_bytes: int, settings: Settings) -> Path | None:
    """A file in the inbox that has this content now."""
    with session() as s:
        places = [*rows.places_of(s, digest), *items.paths_of(s, digest)]
    for path in dict.fromkeys(places):
        if not path.is_relative_to(settings.inbox) or path.is_symlink():
            continue
        with contextlib.suppress(NightShiftError):  # gone, or no file
            if files.stat(path).size_bytes == size_bytes and files.sha256(path) == digest:
                return path
    return None


def _land(partial: Partial, upload: Upload, digest: str, settings: Settings) -> Path:
    for place in uploads.candidates(settings.inbox, upload.name):
        if place.exists() or place.is_symlink():
            continue
        with session() as s:
            rows.will_land(s, upload.id, place, digest)
        if uploads.land(partial.path, place):
            return place
    raise AssertionError("there is always another name")


def remove_expired(
    settings: Settings, completed_before: datetime, dry_run: bool = False
) -> tuple[int, int, int]:
    """Remove uploads that nothing came for in time; returns rows, files and bytes.

    Of those that came whole the notes go that are older than ``completed_before``. Partial files
    that nobody knows go when they are as old as an upload may get.
    """
    oldest = clock.now().timestamp() - settings.api.upload_hours * 3600
    partials = uploads.partials(settings.inbox)
    with session() as s:
        late = [row.id for row in rows.expired(s, completed_before)]
        known = rows.known(s, [found.upload_id for found in partials])
    lost = {
        found.upload_id: found.size_bytes
        for found in partials
        if found.upload_id in late or (found.upload_id not in known and found.written_at < oldest)
    }
    if not dry_run:
        for upload_id in {*late, *lost}:
            discard(upload_id, settings)
    return len(late), len(lost), sum(lost.values())
