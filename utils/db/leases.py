"""Leases: names that only one holder has at a time, such as a source or an entry of a site.

They end with their holder (utils/db/holders.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils.db.schema import Lease
from utils.db.session import chunks, upsert


def take(s: Session, holder: str, names: Sequence[str]) -> list[str]:
    """Take what is free of ``names`` for ``holder``; returns those that it has now, in order."""
    for chunk in chunks(names):
        rows = [{"name": name, "holder": holder} for name in chunk]
        s.execute(upsert(s)(Lease).values(rows).on_conflict_do_nothing())
    mine = held(s, holder)
    return [name for name in names if name in mine]


def held(s: Session, holder: str) -> set[str]:
    """What ``holder`` has."""
    return set(s.scalars(select(Lease.name).where(Lease.holder == holder)))


def release(s: Session, holder: str, names: Sequence[str]) -> None:
    """Give names back."""
    for chunk in chunks(names):
        s.execute(delete(Lease).where(Lease.holder == holder, Lease.name.in_(chunk)))
