"""Leases: names that only one worker has at a time, such as a source or an entry of a site.

They end with their worker (utils/db/workers.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils.db import workers
from utils.db.schema import Lease
from utils.db.session import chunks, upsert


def acquire(s: Session, worker: str, names: Sequence[str]) -> list[str]:
    """Take what is free of ``names`` for ``worker``; returns those that it has now, in order."""
    for chunk in chunks(names):
        rows = [{"name": name, "worker": worker} for name in chunk]
        s.execute(upsert(s)(Lease).values(rows).on_conflict_do_nothing())
    mine = held(s, worker)
    return [name for name in names if name in mine]


def free_abandoned(s: Session) -> None:
    """Free what dead workers had."""
    gone = [row.id for row in workers.dead(s)]
    s.execute(delete(Lease).where(Lease.worker.in_(gone)))


def held(s: Session, worker: str) -> set[str]:
    """What ``worker`` has."""
    return set(s.scalars(select(Lease.name).where(Lease.worker == worker)))


def release(s: Session, worker: str, names: Sequence[str]) -> None:
    """Give names back."""
    for chunk in chunks(names):
        s.execute(delete(Lease).where(Lease.worker == worker, Lease.name.in_(chunk)))
