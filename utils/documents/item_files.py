"""The files of an item under names of their own: itself, what was made of it, what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import items, ledger, subtitle_files, visuals
from utils.db.schema import Item
from utils.db.session import home_of
from utils.models.rendition import COMPRESSIONS, Compression, Thumbnails
from utils.storage import names, relative_paths

ORIGINAL, SUBTITLES = "original", "subtitles"


class ItemFile(NamedTuple):
    """A file of an item; ``sha256`` of its content where it is known (a store has it by that)."""

    name: str
    kind: str
    path: Path
    sha256: str | None = None


def of_item(s: Session, row: Item) -> list[ItemFile]:
    """The files of an item, itself first; each name is there once, each path too."""
    found: dict[Path, ItemFile] = {}
    taken: set[str] = set()
    for file in (*_original(s, row), *_made(s, row), *_drawn(s, row), *_said(s, row)):
        if file.path in found:
            continue
        name = file.name
        number = 1
        while name in taken:
            number += 1
            name = names.numbered(file.name, number)
        taken.add(name)
        found[file.path] = file._replace(name=name)
    return list(found.values())


def _original(s: Session, row: Item) -> Iterator[ItemFile]:
    places = items.paths_of(s, row.id)
    path = items.path_here(s, row.id) or next(iter(places), None)
    if path:
        yield ItemFile(path.name, ORIGINAL, path, row.id)


def _made(s: Session, row: Item) -> Iterator[ItemFile]:
    encoded = ledger.latest_done(s, row.id, COMPRESSIONS)
    stills = ledger.latest_done(s, row.id, "generate_thumbnails")
    digests = {
        path: digest
        for execution in (encoded, stills)
        if execution
        for path, digest in relative_paths.digests(execution.result, home_of(s)).items()
    }
    for kind, path in (
        *_of_encode(ledger.read(s, encoded, Compression)),
        *_of_stills(ledger.read(s, stills, Thumbnails)),
    ):
        yield ItemFile(path.name, kind, path, digests.get(path))


def _of_encode(encode: Compression | None) -> Iterator[tuple[str, Path]]:
    if encode and encode.rendition:
        yield encode.rendition.kind, encode.rendition.path


def _of_stills(stills: Thumbnails | None) -> Iterator[tuple[str, Path]]:
    if stills is None:
        return
    yield from (("thumbnail", still.path) for still in stills.images)
    for kind in ("contact_sheet", "waveform", "spectrogram"):
        if path := getattr(stills, kind):
            yield kind, path
    yield from (("scene", still.path) for still in stills.scenes)
    yield from (("still", still.path) for still in (*stills.sharpest, *stills.stills))


def _drawn(s: Session, row: Item) -> Iterator[ItemFile]:
    for made in visuals.of_item(s, row.id):
        path = visuals.path_of(s, made)
        yield ItemFile(path.name, made.kind, path, made.sha256)


def _said(s: Session, row: Item) -> Iterator[ItemFile]:
    for written in subtitle_files.of_item(s, row.id):
        path = Path(written.path)
        yield ItemFile(path.name, SUBTITLES, path, written.sha256)
