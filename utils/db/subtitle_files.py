"""The subtitle files that we wrote: by them a person's own are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils.db.fact_tables import SubtitleFile
from utils.db.schema import File
from utils.db.session import chunks
from utils.models.item import FileStat
from utils.models.probe import Sidecar
from utils.storage import files, sidecars


def note(s: Session, written: FileStat, item_id: str, sha256: str, is_nightly: bool) -> None:
    """Note that we wrote a file with what was said in an item."""
    s.merge(
        SubtitleFile(
            path=str(written.path),
            name=written.path.name,
            item_id=item_id,
            sha256=sha256,
            size_bytes=written.size_bytes,
            modified_ns=written.modified_ns,
            is_nightly=is_nightly,
        )
    )


def at(s: Session, path: Path) -> SubtitleFile | None:
    """What we know of having written a path."""
    return s.get(SubtitleFile, str(path))


def ours_at(s: Session, path: Path) -> SubtitleFile | None:
    """What we know of a file that is as we wrote it, there or where it was moved or copied from."""
    rows = list(s.scalars(select(SubtitleFile).where(SubtitleFile.name == path.name)))
    rows.sort(key=lambda row: row.path != str(path))
    return next((row for row in rows if is_as_written(row, path)), None)


def of_item(s: Session, item_id: str) -> Sequence[SubtitleFile]:
    """All that we wrote of an item, by path."""
    query = select(SubtitleFile).where(SubtitleFile.item_id == item_id)
    return s.scalars(query.order_by(SubtitleFile.path)).all()


def forget(s: Session, path: str) -> None:
    """Note that a path is not ours any more."""
    s.execute(delete(SubtitleFile).where(SubtitleFile.path == path))


def is_as_written(row: SubtitleFile, path: Path) -> bool:
    """True if a file holds what we wrote; one that was moved or copied holds it too."""
    found = files.seen(path)
    if found is None or found.size_bytes != row.size_bytes or path.is_symlink():
        return False
    is_same = (str(path), found.modified_ns) == (row.path, row.modified_ns)
    return is_same or files.sha256(path) == row.sha256


def lies_beside(s: Session, item_id: str, path: Path) -> bool:
    """True if an item is a file whose subtitles have this path."""
    places = s.scalars(select(File.path).where(File.item_id == item_id))
    return any(
        place.parent == path.parent and path.name.startswith(f"{place.stem}.")
        for place in map(Path, places)
    )


def foreign(s: Session, folder: Path) -> sidecars.Listing:
    """The sidecars of a folder without the subtitle files that we wrote.

    Raises:
        NightShiftError: the folder can't be listed.
    """
    found = sidecars.listed(folder)
    ours = _ours(s, folder, sorted({name for one in found.subtitles.values() for name in one}))
    subtitles = {
        stem: [name for name in names if name not in ours]
        for stem, names in found.subtitles.items()
    }
    return found._replace(subtitles=subtitles)


def foreign_beside(s: Session, path: Path) -> tuple[Sidecar, ...]:
    """The sidecars of an item (``sidecars.beside``), without ours."""
    return sidecars.beside(path, foreign(s, path.parent))


def _ours(s: Session, folder: Path, names: Sequence[str]) -> set[str]:
    ours: set[str] = set()
    for chunk in chunks(names):
        for row in s.scalars(select(SubtitleFile).where(SubtitleFile.name.in_(chunk))):
            if row.name not in ours and is_as_written(row, folder / row.name):
                ours.add(row.name)
    return ours
