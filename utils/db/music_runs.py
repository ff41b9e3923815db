"""Runs of the music library, and what each of their subflows came to."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import MusicRun
from utils.models.music import SubflowResult


def begin(s: Session, flow: str, run_id: str | None = None) -> str:
    """Note that a run begins; returns its id."""
    row = MusicRun(id=run_id or str(uuid.uuid4()), flow=flow, started_at=now(),
                   status="running", results=[])  # fmt: skip
    s.merge(row)
    return row.id


def add(s: Session, run_id: str, result: SubflowResult) -> None:
    """Note what a subflow came to."""
    row = s.get_one(MusicRun, run_id, with_for_update=True)
    row.results = [*row.results, result.model_dump(mode="json")]


def end(s: Session, run_id: str, status: str) -> None:
    """Note that a run is over."""
    row = s.get_one(MusicRun, run_id)
    row.ended_at, row.status = now(), status


def has(s: Session, run_id: str, name: str) -> bool:
    """True once a run holds the result of a subflow, or is over, or is not known."""
    row = s.get(MusicRun, run_id)
    return (
        row is None or row.ended_at is not None or any(one["name"] == name for one in row.results)
    )


def latest(s: Session, flow: str) -> MusicRun | None:
    """The newest run of a flow."""
    query = select(MusicRun).where(MusicRun.flow == flow).order_by(MusicRun.started_at.desc())
    return s.scalars(query.limit(1)).first()
