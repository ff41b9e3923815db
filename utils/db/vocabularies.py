"""The words that are to be expected in an item: those of the source that it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utils.db.schema import Download
from utils.db.session import chunks
from utils.db.source_tables import Source


def by_location(s: Session) -> dict[str, str]:
    """The words that are to be expected in what sources hold, of those that have any."""
    rows = s.scalars(select(Source).where(Source.vocabulary.is_not(None)))
    return {row.location: row.vocabulary or "" for row in rows}


def of_item(
    s: Session, item_id: str, path: Path, known: Mapping[str, str] | None = None
) -> str | None:
    """The vocabulary of the address that an item was listed at, or of the folder it lies in.

    Of several folders around it, that of the nearest.

    Args:
        s: The session; it is asked nothing where no source expects anything.
        item_id: The item.
        path: Where it lies.
        known: What ``by_location`` says, where many items are looked at.
    """
    known = by_location(s) if known is None else known
    if not known:
        return None
    listed = select(Download.source).where(Download.item_id == item_id)
    for source in s.scalars(listed.where(Download.source.is_not(None))):
        if source and source in known:
            return known[source]
    around = (known[str(folder)] for folder in (path, *path.parents) if str(folder) in known)
    return next(around, None)


def in_key(done_key: str, vocabulary: str | None) -> str:
    """The key under which an item is done if these words are to be expected in it."""
    if not vocabulary:
        return done_key
    return hashlib.sha256(f"{done_key}\n{vocabulary}".encode()).hexdigest()


def note_source(s: Session, sources: Mapping[str, str]) -> None:
    """Note where downloads were listed, by their keys, if that is not known yet."""
    by_source: dict[str, list[str]] = {}
    for key, source in sources.items():
        by_source.setdefault(source, []).append(key)
    for source, keys in by_source.items():
        for chunk in chunks(keys):
            _note(s, source, chunk)


def _note(s: Session, source: str, keys: Sequence[str]) -> None:
    s.execute(
        update(Download)
        .where(Download.key.in_(keys), Download.source.is_(None))
        .values(source=source)
    )
