"""Sources: the folders and addresses that every shift looks into."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.schema import Source, SourceLook
from utils.errors import NightShiftError, UsageError
from utils.storage import home
from utils.storage.files import absolute


def is_url(location: str) -> bool:
    """True for an http(s) address, False for a path."""
    return location.lower().startswith(("http://", "https://"))


def add(s: Session, location: str, vocabulary: str | None = None) -> str:
    """Add a folder or an address; returns it as it is kept.

    ``vocabulary``: names and places that are spoken of in what it holds; None leaves those that
    it has, an empty text takes them away.

    Raises:
        UsageError: the folder does not exist.
        PermanentError: it is a home.
    """
    kept = location
    if not is_url(location):
        path = absolute(location)
        if not path.exists():
            raise UsageError(f"{path} does not exist. Make it first, then add it.")
        home.refuse_as_library(path)
        kept = str(path)
    row = s.get(Source, kept) or Source(location=kept)
    if vocabulary is not None:
        row.vocabulary = " ".join(vocabulary.split()) or None
    s.add(row)
    _forget_looks(s, kept)  # added again: what it held before does not count any more
    return kept


def remove(s: Session, location: str) -> None:
    """Remove a source; its items stay.

    Raises:
        UsageError: it is none.
    """
    kept = location if is_url(location) else str(absolute(location))
    row = s.get(Source, kept)
    if row is None:
        raise UsageError(f"{kept} is no source. `nightshift source list` lists them.")
    s.delete(row)
    _forget_looks(s, kept)


def vocabularies(s: Session) -> dict[str, str]:
    """The words that are to be expected in what sources hold, of those that have any."""
    rows = s.scalars(select(Source).where(Source.vocabulary.is_not(None)))
    return {row.location: row.vocabulary or "" for row in rows}


def locations(s: Session) -> list[str]:
    """All sources, first added first."""
    return list(s.scalars(select(Source.location).order_by(Source.added_at)))


def _forget_looks(s: Session, location: str) -> None:
    s.execute(delete(SourceLook).where(SourceLook.location == location))


def note_looks(s: Session, looks: Mapping[str, int | NightShiftError]) -> None:
    """Note, for each source, how many files or entries it held, or why that can't be said."""
    for location, result in looks.items():
        row = s.get(SourceLook, location) or SourceLook(location=location)
        row.looked_at = now()
        if isinstance(result, NightShiftError):
            row.error_class, row.error = type(result).__name__, str(result)[:2000]
            row.failing_since = row.failing_since or now()
        else:
            row.found, row.error_class, row.error, row.failing_since = result, None, None, None
        s.add(row)


def looks(s: Session) -> dict[str, SourceLook]:
    """What each source was like when it was last looked into; nothing of those never seen."""
    return {row.location: row for row in s.scalars(select(SourceLook))}


def failing(s: Session) -> list[SourceLook]:
    """The sources, of those that there still are, whose last look failed."""
    query = select(SourceLook).join(Source, Source.location == SourceLook.location)
    return list(s.scalars(query.where(SourceLook.failing_since.is_not(None))))
