"""What a site refused may be there again: such entries are asked for again by themselves.

At once where a listing shows again what it lacked or hid; else after as long as it has been
refused, so that what is gone for good is asked for less and less.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.schema import Address
from utils.db.session import chunks, upsert
from utils.db.site_tables import EntryDate
from utils.models.item import Entry, ItemStatus
from utils.models.refusal import Refusal

_SOONEST, _LATEST = timedelta(days=1), timedelta(days=30)  # chosen


def next_look(row: Address) -> datetime | None:
    """When a quarantined entry is asked for again; None if no refusal is what is wrong with it."""
    if row.entry is None or row.refusal is None or not Refusal(row.refusal).may_return:
        return None
    refused_for = now() - (row.added_at or now())
    return now() + min(max(refused_for, _SOONEST), _LATEST)


def note_listing(s: Session, source: str, seen: Sequence[Entry], max_tries: int) -> None:
    """Have what a source was refused be fetched again where its listing, or the time, says so.

    Args:
        s: The session.
        source: The address that was listed.
        seen: The entries that it shows, without those that it shows as private or removed.
        max_tries: What comes back has all of them; what only may be there again has one.
    """
    shown = {key for entry in seen for key in entry.ids}
    rows = s.scalars(
        select(Address).where(Address.refusal.is_not(None), Address.entry.is_not(None))
    )
    for row in rows:
        listed_at = (row.entry or {}).get("source")
        if listed_at != source or not Refusal(row.refusal or "").may_return:
            continue
        if row.key not in shown:
            row.absent_since = row.absent_since or now()
        elif row.absent_since is not None:
            row.status, row.tries = ItemStatus.FAILED.value, 0
            row.absent_since = row.next_look_at = None
        elif row.next_look_at is not None and row.next_look_at <= now():
            row.status, row.tries = ItemStatus.FAILED.value, max_tries - 1
            row.next_look_at = None


def note_day(s: Session, entry: Entry, day: date) -> None:
    """Note what an entry's own page says of its day, so that it is not asked again."""
    row = upsert(s)(EntryDate).values(key=entry.item_id, published_on=day)
    s.execute(row.on_conflict_do_nothing())


def days(s: Session, entries: Sequence[Entry]) -> dict[str, date]:
    """The days that entries' own pages said, by the entry's key."""
    keys = [key for entry in entries for key in entry.ids]
    found: dict[str, date] = {}
    for chunk in chunks(keys):
        rows = s.scalars(select(EntryDate).where(EntryDate.key.in_(chunk)))
        found |= {row.key: row.published_on for row in rows}
    return found
