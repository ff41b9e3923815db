"""Holders: who works on items, and whether they still live.

A holder is a process (a flow run in it) with a row and a lock. What it has claimed is its own
while it lives. On its own machine the lock tells, at once and whatever the clock says; from
another machine the row's ``alive_until`` does, which the holder's heartbeat moves on. Moments
are those of the database's clock where it is a server, so that no two machines disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from utils import scratch
from utils.db.schema import Holder, Lease, now
from utils.db.session import upsert


def clock(s: Session) -> datetime:
    """The present moment by the clock that all holders share."""
    if s.get_bind().dialect.name == "postgresql":
        moment: datetime = s.execute(select(func.clock_timestamp())).scalar_one()
        return moment
    return now()


def enter(s: Session, holder: str, run_id: str | None, lease_seconds: int) -> None:
    """Begin to live, or go on: ``holder`` may claim."""
    facts = {
        "run_id": run_id,
        "host": scratch.host(),
        "lock": str(scratch.lock_path()),
        "alive_until": clock(s) + timedelta(seconds=lease_seconds),
    }
    s.execute(
        upsert(s)(Holder)
        .values(id=holder, **facts)
        .on_conflict_do_update(index_elements=[Holder.id], set_=facts)
    )


def beat(s: Session, holder: str, lease_seconds: int) -> bool:
    """Live on for another lease; False if the holder was taken for dead in the meantime."""
    row = s.get(Holder, holder)
    if row is None:
        return False
    row.alive_until = clock(s) + timedelta(seconds=lease_seconds)
    return True


def leave(s: Session, holder: str) -> None:
    """End: its leases are free. Its claims must have been settled or given back."""
    s.execute(delete(Lease).where(Lease.holder == holder))
    s.execute(delete(Holder).where(Holder.id == holder))


def dead(s: Session) -> Sequence[Holder]:
    """The holders whose process ended without ``leave``."""
    moment, here = clock(s), scratch.host()
    return [
        row
        for row in s.scalars(select(Holder))
        if (scratch.is_abandoned(Path(row.lock)) if row.host == here else row.alive_until < moment)
    ]


def living(s: Session) -> set[str]:
    """The ids of the holders that are not dead."""
    return set(s.scalars(select(Holder.id))) - {row.id for row in dead(s)}
