"""Runs of the music library's flows, and what each of their subflows came to."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import MusicRun
from utils.db.session import chunks
from utils.models.music import Outcome, SubflowResult

# What a row says besides an ``Outcome``: it is at work; its process was killed, or it broke off; a
# person ended it.
RUNNING, CRASHED, STOPPED = "running", "crashed", "stopped"


def begin(s: Session, flow: str, run_id: str | None = None) -> str:
    """Open a run, or open it again: one that is retried goes on under its id, with no results."""
    run_id = run_id or uuid.uuid4().hex[:12]
    run = s.get(MusicRun, run_id) or MusicRun(id=run_id, flow=flow)
    run.started_at, run.ended_at, run.status, run.results = now(), None, RUNNING, []
    s.add(run)
    s.flush()
    return run_id


def add(s: Session, run_id: str, result: SubflowResult) -> None:
    """Note what a subflow came to; what was noted of it before is replaced.

    Subflows at once may note at once: the row is locked until the transaction ends.
    """
    run = _locked(s, run_id)
    kept = [one for one in run.results if one["name"] != result.name]
    run.results = [*kept, result.model_dump(mode="json")]
    s.flush()


def end(s: Session, run_id: str, status: str) -> None:
    """Close a run; ``status`` is an ``Outcome``, or CRASHED."""
    run = _locked(s, run_id)
    run.status, run.ended_at = str(status), now()
    s.flush()


def has(s: Session, run_id: str, name: str) -> bool:
    """True if the run holds the result of a subflow."""
    rows = s.scalars(select(MusicRun.results).where(MusicRun.id == run_id))
    return any(one["name"] == name for results in rows for one in results)


def is_open(s: Session, run_id: str) -> bool:
    """True while a run is at work, as far as its row says."""
    return bool(s.scalar(select(MusicRun.status == RUNNING).where(MusicRun.id == run_id)))


def results(s: Session, run_id: str) -> tuple[SubflowResult, ...]:
    """What the subflows of a run came to, in the order in which they ended."""
    return tuple(SubflowResult.model_validate(one) for one in s.get_one(MusicRun, run_id).results)


def ends(s: Session, run_ids: Collection[str]) -> dict[str, datetime]:
    """When runs ended, those that did."""
    over = (MusicRun.id.in_(run_ids), MusicRun.ended_at.is_not(None))
    return {
        run_id: at
        for run_id, at in s.execute(select(MusicRun.id, MusicRun.ended_at).where(*over))
        if at
    }


def latest(s: Session, flow: str) -> MusicRun | None:
    """The run of a flow that began last, whether it is over or not."""
    newest = select(MusicRun).where(MusicRun.flow == flow).order_by(MusicRun.started_at.desc())
    return s.scalars(newest.limit(1)).first()


def last_good(s: Session, flow: str) -> MusicRun | None:
    """The run of a flow that ended last and did not fail."""
    good = (Outcome.SUCCESS, Outcome.PARTIAL, Outcome.NO_UPDATES)
    found = select(MusicRun).where(MusicRun.flow == flow, MusicRun.status.in_(good))
    return s.scalars(found.order_by(MusicRun.ended_at.desc()).limit(1)).first()


def abandoned(s: Session, at_work: Select[tuple[str | None]]) -> list[str]:
    """Runs that are open and not among those ``at_work``."""
    still_open = select(MusicRun.id).where(MusicRun.status == RUNNING, MusicRun.id.not_in(at_work))
    return list(s.scalars(still_open))


def crash(s: Session, run_ids: Sequence[str]) -> None:
    """Close runs whose process is gone; what their subflows had come to is kept."""
    _close(s, run_ids, CRASHED)


def stop(s: Session, run_id: str) -> None:
    """Close a run that a person has ended, if there is one of this id that is open."""
    _close(s, [run_id], STOPPED)


def status_before(s: Session, run_id: str) -> str | None:
    """What the run of the same flow came to that ended last before this one began."""
    run = s.get_one(MusicRun, run_id)
    before = select(MusicRun.status).where(
        MusicRun.flow == run.flow, MusicRun.id != run_id, MusicRun.ended_at <= run.started_at
    )
    return s.scalars(before.order_by(MusicRun.ended_at.desc()).limit(1)).first()


def old(s: Session, before: datetime) -> list[str]:
    """Runs that ended and began before a moment, but for the last good one of each flow."""
    rows = select(MusicRun.id).where(MusicRun.status != RUNNING, MusicRun.started_at < before)
    flows = s.scalars(select(MusicRun.flow).distinct()).all()
    kept = {run.id for flow in flows if (run := last_good(s, flow))}
    return [run_id for run_id in s.scalars(rows) if run_id not in kept]


def forget(s: Session, run_ids: Sequence[str]) -> None:
    """Delete runs and what their subflows came to."""
    for some in chunks(run_ids):
        s.execute(delete(MusicRun).where(MusicRun.id.in_(some)))


def _close(s: Session, run_ids: Sequence[str], status: str) -> None:
    still_open = (MusicRun.id.in_(run_ids), MusicRun.status == RUNNING)
    s.execute(update(MusicRun).where(*still_open).values(status=status, ended_at=now()))


def _locked(s: Session, run_id: str) -> MusicRun:
    """A run's row as it is now, nobody else's until the transaction ends (SQLite locks by a write).

    Raises:
        NoResultFound: there is no such run.
    """
    mine = update(MusicRun).where(MusicRun.id == run_id).values(flow=MusicRun.flow)
    s.execute(mine.execution_options(synchronize_session=False))
    return s.scalars(
        select(MusicRun).where(MusicRun.id == run_id).execution_options(populate_existing=True)
    ).one()
