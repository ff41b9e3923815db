"""Downloads that were verified, so that they are not fetched again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.db.schema import Download
from utils.db.session import upsert
from utils.models.item import Entry


def mark(s: Session, entry: Entry, item_id: str) -> None:
    """Note that an entry was fetched and verified."""
    insert = upsert(s)
    s.execute(
        insert(Download)
        .values(key=entry.item_id, url=entry.url, item_id=item_id, source=entry.source)
        .on_conflict_do_nothing()
    )


def known(s: Session, entries: Sequence[Entry]) -> dict[str, str]:
    """The items of those entries that were fetched before, by the entry's key."""
    keys = [entry.item_id for entry in entries]
    rows = s.scalars(select(Download).where(Download.key.in_(keys)))
    return {row.key: row.item_id for row in rows}


def keys_among(s: Session, names: Sequence[str]) -> set[str]:
    """Those of ``names`` that are the key of a download that was verified."""
    return set(s.scalars(select(Download.key).where(Download.key.in_(names))))
