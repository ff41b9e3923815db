"""Tags written into a song: beside it, verified, then in its place; its item stays the item.

Nothing is encoded. The packets of sound and picture of the new file are held against those of the
old one before the swap. Owner, permissions and extended attributes are those of the old file; its
time is that of the change, as backups and players go by it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.config import Settings
from utils.db import item_checksums, items, queue, workers
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, RetryableError, from_os_error
from utils.media import tools
from utils.media.probing import exiftool, ffprobe
from utils.models.item import FileStat, MediaKind
from utils.music.recordings import identification, matching
from utils.music.recordings.tagging import reading
from utils.music.recordings.tagging.fields import TagsError, Values
from utils.music.recordings.tagging.preview import Preview
from utils.processes import child_process
from utils.storage import blobs, files


def require_writable(path: Path, settings: Settings) -> FileStat:
    """Make sure that a file may be changed; returns what it is now.

    Raises:
        PermanentError: it may not, or it is not alone: what to do.
    """
    _require_ours_to_change(path, settings)
    try:
        found = path.lstat()
    except OSError as error:
        raise from_os_error(error, f"looking at {path.name}") from error
    if stat.S_ISLNK(found.st_mode):
        raise TagsError(f"{path} is a link to {path.resolve()}. Name the file itself.")
    if found.st_nlink > 1:
        raise TagsError(
            f"{path.name} has {found.st_nlink} names (hard links); the others would keep the old "
            "tags. Make it a file of its own first: cp it, and mv the copy over it."
        )
    if not found.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise TagsError(f"{path.name} is read-only. Make it writable (chmod u+w), then run again.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise TagsError(f"Nothing may be written into {path.parent}. Change its permissions.")
    return files.stat(path)


def _require_ours_to_change(path: Path, settings: Settings) -> None:
    is_received = path.is_relative_to(settings.inbox)  # what was uploaded lies nowhere else
    if path.is_relative_to(settings.home) and not is_received:
        raise TagsError(
            f"{path.name} lies in the home as it was fetched, and is known there by its content: "
            "its tags stay. Copy it elsewhere (nightshift export) and tag the copy."
        )
    if blobs.is_set(settings):
        raise TagsError(
            f"The originals of this library lie in a store, too: {path.name} would differ from its "
            "own there. Its tags stay."
        )


def write(preview: Preview, settings: Settings) -> str:
    """Write the changes of a preview; returns the SHA-256 of the new content.

    From then on this content is the item's, too: nothing is done again for it.

    Raises:
        TagsError: the file may not be changed, or its tags are damaged; it is as it was.
        RetryableError: a run works on the item, or the file changed meanwhile.
        PermanentError: the new file would not play as the old one; it is as it was.
    """
    path, before = preview.path, require_writable(preview.path, settings)
    with _claimed(preview.item_id, settings):
        with session() as s:
            row = items.known_files(s, [path]).get(str(path))
            if row is None or row.item_id != preview.item_id or not items.unchanged(row, before):
                raise RetryableError(
                    f"{path.name} changed since it was taken in: nightshift run {path.parent}"
                )
        with files.whole_file(path) as temporary:
            _write_beside(path, temporary, {one.field: one.new for one in preview.changes})
            digest = files.sha256(temporary)
            _keep_attributes(path, temporary)
            if files.stat(path) != before:
                raise RetryableError(f"{path.name} changed while its tags were written: it stays.")
            with session() as s:  # before the swap: after kill -9 its content is known
                item_checksums.note(s, digest, preview.item_id)
        _take_in(preview)
    return digest


def _write_beside(path: Path, temporary: Path, changes: Values) -> None:
    """Write the new file, and make sure that it is what it should be."""
    found = reading.format_of(ffprobe.report(path))
    assert found  # the preview has it
    module = found[1]
    try:
        with path.open("rb") as source, temporary.open("wb") as target:
            module.write(source, target, changes)
        with temporary.open("rb") as written:
            now = module.read(written)
    except TagsError as error:
        raise TagsError(f"{path.name} stays as it is: {error}.") from error
    if any(_joined(now.get(field, ())) != _joined(new) for field, new in changes.items()):
        raise PermanentError(f"{path.name} stays as it is: its new tags could not be read back.")
    if packets(path) != packets(temporary):
        raise PermanentError(f"{path.name} stays as it is: with new tags it would not sound so.")


def _joined(values: tuple[str, ...]) -> str:
    return "/".join(values)  # as ID3 2.3 has several


def packets(path: Path) -> list[str]:
    """The MD5 of the packets of each stream: sound, and the picture of a cover."""
    command = [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error"),
        *tools.input_arguments(path),
        *("-map", "0", "-c", "copy", "-f", "streamhash", "-hash", "md5", "pipe:1"),
    ]
    return child_process.run(command, path).stdout.split()


def _keep_attributes(path: Path, temporary: Path) -> None:
    """Owner, permissions and extended attributes of the old file; the time is now.

    Raises:
        TagsError: the owner can't be kept.
    """
    old = path.stat()
    shutil.copystat(path, temporary)
    if (old.st_uid, old.st_gid) != (os.geteuid(), temporary.stat().st_gid):
        try:
            os.chown(temporary, old.st_uid, old.st_gid)
        except OSError as error:
            raise TagsError(
                f"{path.name} belongs to another user (uid {old.st_uid}, gid {old.st_gid}), which "
                "could not be kept. Run this as its owner."
            ) from error
        temporary.chmod(stat.S_IMODE(old.st_mode))
    os.utime(temporary)


@contextmanager
def _claimed(item_id: str, settings: Settings) -> Iterator[None]:
    """Have no run work on the item meanwhile.

    Raises:
        RetryableError: one does.
    """
    worker = f"tag-{uuid.uuid4().hex[:12]}"
    with session() as s:
        workers.register(s, worker, None, settings.lease_seconds)
        if not queue.claim_these(s, worker, [item_id]):
            raise RetryableError("A run is working on this item. Wait until it is through.")
    try:
        yield
    finally:
        with session() as s:
            queue.release_all(s, worker)


def _take_in(preview: Preview) -> None:
    """Note the file as it is now, and what its tags say. What fails is found by the next run."""
    path = preview.path
    with session() as s:
        seen = Seen(files.stat(path), preview.item_id, False)
        items.register(s, seen, MediaKind.AUDIO)
    with contextlib.suppress(NightShiftError):
        tags = identification.said(path, ffprobe.report(path), exiftool.report(path))
        with session() as s:
            matching.look_again(s, preview.item_id, tags)
