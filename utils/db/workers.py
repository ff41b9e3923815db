"""Workers: who works on items, and whether they are still alive.

A worker is a process (a flow run in it) with a row and a lock. What it has claimed is its own
while it is alive. On its own machine the lock tells, at once and whatever the clock says; from
another machine the row's ``alive_until`` does, which the worker's heartbeat moves on. Moments
are those of the database's clock where it is a server, so that no two machines disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.schema import Lease, Worker
from utils.db.session import upsert
from utils.storage import scratch


def shared_now(s: Session) -> datetime:
    """The present moment by the clock that all workers share."""
    if s.get_bind().dialect.name == "postgresql":
        moment: datetime = s.execute(select(func.clock_timestamp())).scalar_one()
        return moment
    return now()


def register(s: Session, worker: str, run_id: str | None, lease_seconds: int) -> None:
    """Register ``worker`` as alive, or again after it was counted as dead; it may claim now."""
    facts = {
        "run_id": run_id,
        "host": scratch.host(),
        "lock": str(scratch.lock_path()),
        "alive_until": shared_now(s) + timedelta(seconds=lease_seconds),
    }
    s.execute(
        upsert(s)(Worker)
        .values(id=worker, **facts)
        .on_conflict_do_update(index_elements=[Worker.id], set_=facts)
    )


def heartbeat(s: Session, worker: str, lease_seconds: int) -> bool:
    """Renew a worker's lease; False if it was counted as dead in the meantime."""
    alive_until = shared_now(s) + timedelta(seconds=lease_seconds)
    renewed = s.scalars(
        update(Worker)
        .where(Worker.id == worker)
        .values(alive_until=alive_until)
        .returning(Worker.id)
        .execution_options(synchronize_session=False)
    )
    return renewed.first() is not None


def tell(s: Session, worker: str, progress: dict[str, Any]) -> None:
    """Note how far a worker is, for whoever looks (utils/observability/told.py)."""
    s.execute(update(Worker).where(Worker.id == worker).values(progress=progress))


def unregister(s: Session, worker: str) -> None:
    """The worker ends: its leases are free. Its claims must have been settled or released."""
    s.execute(delete(Lease).where(Lease.worker == worker))
    s.execute(delete(Worker).where(Worker.id == worker))


def expire(s: Session, worker: str) -> None:
    """End the lease of a worker whose process is known to have ended."""
    over = shared_now(s) - timedelta(seconds=1)
    s.execute(update(Worker).where(Worker.id == worker).values(alive_until=over))


def dead(s: Session) -> Sequence[Worker]:
    """The workers whose process ended without ``unregister``."""
    moment, here = shared_now(s), scratch.host()
    return [
        row
        for row in s.scalars(select(Worker))
        if (scratch.is_abandoned(Path(row.lock)) if row.host == here else row.alive_until < moment)
    ]


def alive(s: Session) -> set[str]:
    """The ids of the workers that are not dead."""
    return set(s.scalars(select(Worker.id))) - {row.id for row in dead(s)}


def is_at_work(s: Session, run_id: str) -> bool:
    """True if a living worker works for the run."""
    works_for = select(Worker.id).where(Worker.run_id == run_id)
    return bool(set(s.scalars(works_for)) - {row.id for row in dead(s)})


def runs_at_work(s: Session) -> set[str]:
    """The runs that some worker is registered for, whether it is alive or not."""
    return {run_id for run_id in s.scalars(select(Worker.run_id)) if run_id}
