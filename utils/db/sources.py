"""Sources: the folders and addresses that every shift looks into."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.db.schema import Source
from utils.errors import UsageError
from utils.storage import home
from utils.storage.files import absolute


def is_url(location: str) -> bool:
    """True for an http(s) address, False for a path."""
    return location.lower().startswith(("http://", "https://"))


def add(s: Session, location: str) -> str:
    """Add a folder or an address; returns it as it is kept.

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
    s.merge(Source(location=kept))
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


def locations(s: Session) -> list[str]:
    """All sources, first added first."""
    return list(s.scalars(select(Source.location).order_by(Source.added_at)))
