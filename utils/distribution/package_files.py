"""The files of a package: what is played, what was said as subtitles, its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import items, ledger, visuals
from utils.db.schema import Item
from utils.errors import RetryableError, from_os_error
from utils.models.publishing import PackageFile
from utils.models.record import ThumbnailRecord
from utils.models.rendition import COMPRESSIONS, Compression, Thumbnails
from utils.models.transcript import Transcript
from utils.storage import blobs, files, relative_paths
from utils.storage.media_types import media_type
from utils.subtitles import document
from utils.subtitles.document import Document

_FOLDER = "publication"  # below the item's own: it goes when the item is forgotten
_KNOWN_FILES = 4096


def media(s: Session, row: Item, settings: Settings) -> Iterator[PackageFile]:
    """What is played: the rendition where there is one, else the original; the original after it.

    Raises:
        RetryableError: neither is on this machine, nor in the store.
    """
    original = _original(s, row, settings)
    execution = ledger.latest_done(s, row.id, COMPRESSIONS)
    encoded = ledger.read(s, execution, Compression)
    rendition = encoded.rendition.path if encoded and encoded.rendition else None
    if rendition and execution:
        digests = relative_paths.digests(execution.result, settings.home)
        if blobs.ensure_local({rendition: digests.get(rendition)}, settings):
            raise RetryableError(
                f"The rendition {rendition.name} of {row.title} is gone. Run again: nightshift run "
                "makes it anew."
            )
        yield _file("media", rendition)
    if original is None and rendition is None:
        raise RetryableError(f"No file of {row.title} is on this machine. Put one back.")
    if original:
        yield _file("original" if rendition else "media", original, row.id)


def _original(s: Session, row: Item, settings: Settings) -> Path | None:
    return items.path_here(s, row.id, blobs.is_set(settings)) or blobs.original(row.id, settings)


def subtitles(row: Item, transcript: Transcript | None, settings: Settings) -> list[PackageFile]:
    """What was said as WebVTT and SubRip; empty where nobody speaks.

    Raises:
        ResourceError: the disk is full.
    """
    if transcript is None or not transcript.text.strip():
        return []
    what = Document(row.id, row.title, transcript, row.duration_seconds)
    language = transcript.text_language
    found = []
    for form in ("vtt", "srt"):
        text = document.rendered(what, form, words=False, speakers=True).text
        path = _written(row.id, f"{language or 'und'}.{form}", text, settings)
        found.append(_file("subtitles", path).model_copy(update={"language": language}))
    return found


def _written(item_id: str, name: str, text: str, settings: Settings) -> Path:
    """A file of the item's own folder with this text; untouched where it has it already."""
    folder = files.item_folder(settings.home, item_id) / _FOLDER
    path = folder / name
    try:
        folder.mkdir(exist_ok=True)
        if not path.exists() or path.read_bytes() != text.encode():
            with files.whole_file(path) as temporary:
                temporary.write_bytes(text.encode())
    except OSError as error:
        raise from_os_error(error, f"writing {name}") from error
    return path


def artwork(s: Session, item_id: str, stills: tuple[ThumbnailRecord, ...]) -> list[PackageFile]:
    """The item's best picture that is there: the cover of a song, a still of a video."""
    made = ledger.latest_result(s, item_id, "generate_thumbnails", Thumbnails)
    sizes = {one.path: (one.width, one.height) for one in made.images} if made else {}
    for path in (*(one.path for one in stills), *sizes):
        if path.exists():
            width, height = sizes.get(path, (None, None))
            size = {"width": width, "height": height}
            return [_file("artwork", path).model_copy(update=size)]
    return []


def drawn(s: Session, item_id: str, home: Path) -> Iterator[PackageFile]:
    """Pictures and films that were made for it, those that are there."""
    for row in visuals.of_item(s, item_id):
        path = home / row.path  # an absolute one stays as it is
        if path.exists():
            yield PackageFile(
                role=row.kind, path=path, sha256=row.sha256, size_bytes=row.size_bytes,
                mime_type=media_type(path), aspect=row.aspect, width=row.width,
                height=row.height, by_model=row.by_model,
            )  # fmt: skip


def _file(role: str, path: Path, sha256: str | None = None) -> PackageFile:
    found = files.stat(path)
    return PackageFile(
        role=role,
        path=path,
        sha256=sha256 or _sha256(path, found.size_bytes, found.modified_ns),
        size_bytes=found.size_bytes,
        mime_type=media_type(path),
    )


@lru_cache(maxsize=_KNOWN_FILES)
def _sha256(path: Path, _size_bytes: int, _modified_ns: int) -> str:
    """Of a file as it was at that time with that size: it is read once a process."""
    return files.sha256(path)
