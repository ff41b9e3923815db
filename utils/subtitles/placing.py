"""Subtitles beside what was heard, named so that media servers find them.

Jellyfin, Plex and Kodi take ``Name.en.srt`` beside ``Name.mkv``, and ``Name.lrc`` beside
``Name.mp3``. What lies there and is not ours, or was changed since, stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import subtitle_files
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, ResourceError, UsageError
from utils.models.sanitize import unmarked
from utils.models.subtitles import Format
from utils.storage import files
from utils.storage.files import whole_file

_WHISPERS = {"jw": "jv"}  # what whisper calls a language that ISO 639 calls otherwise
_CODE = re.compile("[a-z]{2,3}")
_UNSAFE = re.compile(r'[/\\:*?"<>|\s]+')
_MAX_BYTES = 180  # of the 255 of a name


class Text(NamedTuple):
    """What is to be written of an item, and the file that it is to lie beside (or to replace).

    ``is_nightly``: by the step, which takes away what it wrote before under other names.
    """

    item_id: str
    text: str
    is_nightly: bool


def file_name(stem: str, language: str | None, form: Format) -> str:
    """``Name.en.srt``; lyrics are named like the song."""
    if form == "lrc":
        return f"{stem}.lrc"
    code = _WHISPERS.get(language or "", language or "")
    return f"{stem}.{code}.{form}" if _CODE.fullmatch(code) else f"{stem}.{form}"


def safe_stem(title: str) -> str:
    """A title as the name of a file in any folder; whose medium is not there has no other."""
    safe = _UNSAFE.sub("_", unmarked(title)).strip(" .")
    return safe.encode()[:_MAX_BYTES].decode(errors="ignore") or "untitled"


def write(target: Path, what: Text, like: Path | None = None) -> None:
    """Write a file, whole or not at all, unless something that is not ours is there.

    Args:
        target: The file.
        what: Its text.
        like: A file whose permissions it gets: who may see a film may read its subtitles.

    Raises:
        PermanentError: what is there is not ours, or nothing can be written there.
    """
    data = what.text.encode()
    with session() as s:
        if reason := taken(s, target, what.item_id, data):
            raise PermanentError(f"{target.name} {reason}")
        try:
            with whole_file(target) as temporary:
                temporary.write_bytes(data)
                if like and (found := files.seen(like)):
                    temporary.chmod(found.path.stat().st_mode & 0o666)
        except (
            ResourceError
        ) as error:  # of somebody's folder, not of the home: no item waits for it
            raise PermanentError(str(error)) from error
        except OSError as error:
            raise PermanentError(f"{target.name} can't be written: {error.strerror}.") from error
        digest = hashlib.sha256(data).hexdigest()
        subtitle_files.note(s, files.stat(target), what.item_id, digest, what.is_nightly)


def remove_others(item_id: str, folder: Path, kept: set[Path]) -> list[Path]:
    """Remove what the step wrote of an item into a folder, but ``kept``; returns what went."""
    gone: list[Path] = []
    with session() as s:
        for row in subtitle_files.of_item(s, item_id):
            path = Path(row.path)
            if not row.is_nightly or path.parent != folder or path in kept:
                continue
            if remove(s, path):
                gone.append(path)
    return gone


def nightly(s: Session, item_id: str) -> list[Path]:
    """What the step wrote of an item, wherever that is, and nobody changed."""
    return [
        Path(row.path)
        for row in subtitle_files.of_item(s, item_id)
        if row.is_nightly and subtitle_files.is_as_written(row, Path(row.path))
    ]


def remove_all(item_id: str) -> list[Path]:
    """Remove what the step wrote of an item; returns what can't be."""
    with session() as s:
        return [path for path in nightly(s, item_id) if not remove(s, path)]


def remove(s: Session, path: Path) -> bool:
    """Remove a file that we wrote, if it is as we wrote it; it is no longer ours in any case."""
    row = subtitle_files.at(s, path)
    if row is None:
        return False
    is_ours = subtitle_files.is_as_written(row, path)
    subtitle_files.forget(s, row.path)
    if is_ours:
        try:
            path.unlink()
        except OSError:
            return False
    return is_ours


def free_name(folder: Path, stem: str, item_id: str, rest: str) -> Path:
    """A name in a folder for an item, with its checksum where another's file has the plain one.

    Args:
        folder: Where it is to lie.
        stem: The name of the medium, without its suffix.
        item_id: The item.
        rest: What follows the stem, such as ``.en.srt``.
    """
    plain = folder / f"{stem}{rest}"
    with session() as s:
        row = subtitle_files.at(s, plain)
        is_anothers = row is not None and row.item_id != item_id and plain.exists()
    return folder / f"{stem} [{item_id[:10]}]{rest}" if is_anothers else plain


def folder_for(wanted: str) -> Path:
    """The folder that a person named, made if it is missing.

    Raises:
        UsageError: it is no folder, or can't be made.
    """
    folder = files.absolute(wanted)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} is no folder that can be written: {error.strerror}.") from error
    return folder


def taken(s: Session, target: Path, item_id: str, data: bytes | None = None) -> str | None:
    """Why a place is not ours to write to; None if it is, or holds just this ``data``."""
    if not (target.exists() or target.is_symlink()):
        return None
    row = subtitle_files.ours_at(s, target)
    if row is None and data is not None and _holds(target, data):
        return None
    if row is None:
        was_ours = subtitle_files.at(s, target) is not None
        return f"{'was changed by somebody since' if was_ours else 'is not ours'}: it stays"
    if row.item_id != item_id and subtitle_files.lies_beside(s, row.item_id, target):
        return "belongs to another file of this name"
    return None


def _holds(path: Path, data: bytes) -> bool:
    """True if a file holds just that: written by us, and the process died before it was noted."""
    try:
        return (
            not path.is_symlink() and path.stat().st_size == len(data) and path.read_bytes() == data
        )
    except (OSError, NightShiftError):
        return False
