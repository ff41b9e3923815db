"""Addresses that could not be listed or fetched: kept, tried again, and quarantined, like items.

A row lives from the first failure until it is fetched, or a person asks for no more of it. A
site's "no" may be a mood: an address has all its tries, whatever the error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import returning
from utils.db.schema import Address
from utils.errors import PermanentError, ResourceError, SettingsError, StoppedError, step_of
from utils.models.item import Entry, ItemStatus

_BROKEN = (ItemStatus.FAILED.value, ItemStatus.QUARANTINED.value)


class Due(NamedTuple):
    """What is to be tried again: entries to fetch, and addresses to list."""

    entries: list[Entry]
    urls: list[str]


def key_of(known: Entry | str) -> str:
    """The key of an entry, or of an address that could not be listed."""
    return known.item_id if isinstance(known, Entry) else hashlib.sha256(known.encode()).hexdigest()


def settle_failed(s: Session, known: Entry | str, error: BaseException, max_tries: int) -> bool:
    """Note that an entry could not be fetched, or an address listed; True: it was the last try."""
    if isinstance(error, StoppedError):
        return False
    row = _row_of(s, known)
    if row is None:
        url = known.url if isinstance(known, Entry) else known
        row = Address(key=key_of(known), url=url, tries=0, status=ItemStatus.FAILED.value)
        s.add(row)
    if isinstance(known, Entry):
        row.title, row.entry = known.title, known.model_dump(mode="json")
    row.tries += int(not isinstance(error, ResourceError | SettingsError))
    is_final = row.tries >= max_tries
    row.status = (ItemStatus.QUARANTINED if is_final else ItemStatus.FAILED).value
    row.error_class, row.failed_step = type(error).__name__, step_of(error)
    row.error = str(error)[:2000]
    row.refusal = getattr(error, "refusal", None)
    row.next_look_at = returning.next_look(row) if is_final else None
    return is_final


def _row_of(s: Session, known: Entry | str) -> Address | None:
    """The row of an entry or an address; one of a version before goes on under the new key."""
    row = s.get(Address, key_of(known))
    if row is None and isinstance(known, Entry):
        row = next((old for key in known.former_ids if (old := s.get(Address, key))), None)
        if row is not None:
            row.key = known.item_id
    return row


def forget(s: Session, known: Sequence[Entry | str]) -> None:
    """These are fetched, or listed: nothing is wrong with them."""
    keys = [key for one in known for key in (one.ids if isinstance(one, Entry) else (key_of(one),))]
    s.execute(delete(Address).where(Address.key.in_(keys)))


def due(s: Session, max_tries: int) -> Due:
    """What a shift tries again; what a person asked for first."""
    again = (Address.status == ItemStatus.FAILED.value) & (Address.tries < max_tries)
    rows = s.scalars(
        select(Address)
        .where(or_(Address.status == ItemStatus.PENDING.value, again))
        .order_by(Address.requested_at.is_(None), Address.requested_at, Address.added_at)
    ).all()
    entries = [Entry.model_validate(row.entry) for row in rows if row.entry]
    return Due(entries, [row.url for row in rows if not row.entry])


def of_source(s: Session, source_id: str) -> list[Entry]:
    """The entries of a source that could not be fetched, whatever tries they have left."""
    rows = s.scalars(select(Address).where(Address.entry.is_not(None)).order_by(Address.added_at))
    entries = [Entry.model_validate(row.entry) for row in rows if row.entry]
    return [entry for entry in entries if entry.source_id == source_id]


def quarantined(s: Session, known: Sequence[Entry]) -> dict[str, str]:
    """Why those of these entries wait for a person that do, by key."""
    key_of_row = {key: entry.item_id for entry in known for key in entry.ids}
    rows = s.scalars(
        select(Address).where(
            Address.key.in_(list(key_of_row)), Address.status == ItemStatus.QUARANTINED.value
        )
    )
    return {key_of_row[row.key]: row.error or "" for row in rows}


def listed(s: Session, status: str | None = None) -> Sequence[Address]:
    """Addresses that are not fetched yet, the newest failure first; those of one status."""
    query = select(Address).order_by(Address.added_at.desc())
    return s.scalars(query.where(Address.status == status) if status else query).all()


def count_by_status(s: Session) -> dict[str, int]:
    """How many addresses there are of each status."""
    rows = s.execute(select(Address.status, func.count()).group_by(Address.status))
    return {status: number for status, number in rows}  # noqa: C416 (a Row is no pair to mypy)


def find(s: Session, wanted: str) -> Address | None:
    """The address that a person means by itself, its key or the beginning of that."""
    by_url = s.scalars(select(Address).where(Address.url == wanted)).all()
    if len(by_url) == 1:
        return by_url[0]
    if len(by_url) > 1:
        keys = ", ".join(row.key[:10] for row in by_url)
        raise PermanentError(f"{wanted} has several entries that failed: name one of {keys}.")
    if len(wanted) < 4 or set(wanted.lower()) - set("0123456789abcdef"):
        return None
    found = s.scalars(select(Address).where(Address.key.startswith(wanted.lower())).limit(2)).all()
    return found[0] if len(found) == 1 else None


def broken(s: Session, *conditions: ColumnElement[bool]) -> Sequence[Address]:
    """Addresses that failed or are quarantined, first failed first."""
    return s.scalars(
        select(Address)
        .where(Address.status.in_(_BROKEN), *conditions)
        .order_by(Address.added_at, Address.key)
    ).all()


def requeue(row: Address) -> None:
    """Have the next shift try an address first, with all its tries."""
    row.status, row.tries, row.requested_at = ItemStatus.PENDING.value, 0, now()
    row.error = row.error_class = row.failed_step = row.refusal = None
    row.absent_since = row.next_look_at = None


def facts(row: Address) -> dict[str, Any]:
    """What is known of an address, as JSON."""
    return {
        "key": row.key,
        "url": row.url,
        "title": row.title,
        "status": row.status,
        "tries": row.tries,
        "step": row.failed_step,
        "error_class": row.error_class,
        "error": row.error,
        "failed_first_at": row.added_at.isoformat(),
        "refusal": row.refusal,
        "asked_again_at": row.next_look_at.isoformat() if row.next_look_at else None,
    }
