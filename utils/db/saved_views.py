"""Searches of the library that people keep by a name: their own, and those for all."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from utils.db.page_tables import SavedView
from utils.db.words import clean
from utils.errors import UsageError
from utils.models.sanitize import visible

LONGEST_NAME, LONGEST_QUERY = 80, 2_000  # characters
MOST = 100  # of a person, and for all; chosen


def seen_by(s: Session, user_id: str | None) -> Sequence[SavedView]:
    """The views of a person and those for all, by name; of nobody in particular: those for all."""
    return _listed(s, _seen_by(user_id))


def on_start(s: Session, user_id: str | None) -> Sequence[SavedView]:
    """Those of them that are wanted on the start page."""
    return _listed(s, _seen_by(user_id), SavedView.on_start.is_(True))


def find(s: Session, view_id: int, user_id: str | None) -> SavedView:
    """A view that a person sees.

    Raises:
        UsageError: there is none.
    """
    found = s.scalar(select(SavedView).where(SavedView.id == view_id, _seen_by(user_id)))
    if found is None:
        raise UsageError("There is no such view: it may have been removed.")
    return found


def save(s: Session, user_id: str | None, name: str, query: str, on_start: bool) -> SavedView:
    """Keep a search; one of the same owner and name takes its place.

    Args:
        s: The session.
        user_id: Whose it is; None for all.
        name: Up to 80 characters.
        query: As in an address, without the question mark.
        on_start: Whether it is wanted on the start page.

    Raises:
        UsageError: it has no name, is too long, or there are too many.
    """
    shown = _name(name)
    if len(query) > LONGEST_QUERY:
        raise UsageError("The search is too long to be kept.")
    owned = SavedView.user_id.is_(None) if user_id is None else SavedView.user_id == user_id
    row = s.scalar(select(SavedView).where(owned, SavedView.name == shown))
    if row is None:
        if (s.scalar(select(func.count()).select_from(SavedView).where(owned)) or 0) >= MOST:
            raise UsageError(f"There are {MOST} views already: remove one first.")
        row = SavedView(user_id=user_id, name=shown)
        s.add(row)
    row.query, row.on_start = query, on_start
    s.flush()
    return row


def change(row: SavedView, name: str, on_start: bool) -> None:
    """Give a view another name, or have it on the start page or not.

    Raises:
        UsageError: that is no name.
    """
    row.name, row.on_start = _name(name), on_start


def remove(s: Session, row: SavedView) -> None:
    """Remove a view; nothing else goes."""
    s.delete(row)
    s.flush()


def _name(given: str) -> str:
    shown = " ".join(visible(clean(given)).split())
    if not 0 < len(shown) <= LONGEST_NAME:
        raise UsageError(f"A view has a name of 1 to {LONGEST_NAME} characters.")
    return shown


def _seen_by(user_id: str | None) -> ColumnElement[bool]:
    return or_(SavedView.user_id.is_(None), SavedView.user_id == user_id)


def _listed(s: Session, *conditions: ColumnElement[bool]) -> Sequence[SavedView]:
    query = select(SavedView).where(*conditions)
    return s.scalars(query.order_by(func.lower(SavedView.name), SavedView.id)).all()
