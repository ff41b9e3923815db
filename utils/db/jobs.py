"""Jobs on demand: one at a time for the same work, and what became of each."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.job_tables import JobRow
from utils.db.session import upsert
from utils.db.words import clean
from utils.errors import UsageError
from utils.models.job import Job, JobKind, JobRecord, JobStatus, Priority

_ACTIVE = (JobStatus.QUEUED.value, JobStatus.RUNNING.value)


class Taken(NamedTuple):
    """The job that stands for what was asked; ``flow_run_id`` is None until Prefect has it."""

    id: str
    flow_run_id: str | None
    priority: Priority


def take(s: Session, job: Job, priority: Priority) -> Taken:
    """The job for this work that is not over; a new one where there is none."""
    key = _key(job)
    s.execute(
        upsert(s)(JobRow)
        .values(
            id=uuid.uuid4().hex,
            active_key=key,
            kind=job.kind.value,
            video_id=clean(job.video_id),
            priority=priority.value,
            status=JobStatus.QUEUED.value,
            parameters=job.parameters,
            progress=0.0,
            attempts=0,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["active_key"])
    )
    row = s.scalars(select(JobRow).where(JobRow.active_key == key)).one()
    return Taken(row.id, row.flow_run_id, Priority(row.priority))


def note_accepted(s: Session, job_id: str, flow_run_id: str) -> None:
    """Note the flow run that Prefect made for a job."""
    s.execute(update(JobRow).where(JobRow.id == job_id).values(flow_run_id=flow_run_id))


def withdraw(s: Session, job_id: str) -> None:
    """Take back a job that Prefect did not take."""
    s.execute(delete(JobRow).where(JobRow.id == job_id, JobRow.flow_run_id.is_(None)))


def begin(s: Session, flow_run_id: str, job: Job) -> int:
    """Note that a flow run works on a job; returns which try it is, from 1.

    One that was started by other means (Prefect's UI) gets its row now.
    """
    row = s.scalars(select(JobRow).where(JobRow.flow_run_id == flow_run_id)).one_or_none()
    if row is None:
        row = JobRow(
            id=uuid.uuid4().hex,
            flow_run_id=flow_run_id,
            kind=job.kind.value,
            video_id=clean(job.video_id),
            priority=Priority.INTERACTIVE.value,
            parameters=job.parameters,
            progress=0.0,
            attempts=0,
        )
        s.add(row)
    row.status, row.error, row.ended_at = JobStatus.RUNNING.value, None, None
    row.attempts += 1
    row.started_at = row.started_at or now()
    row.heartbeat_at = now()
    return row.attempts


def beat(s: Session, flow_run_id: str, progress: float) -> None:
    """Note how far a job is, 0–1, and that its process lives."""
    s.execute(
        update(JobRow)
        .where(JobRow.flow_run_id == flow_run_id, JobRow.status == JobStatus.RUNNING.value)
        .values(progress=progress, heartbeat_at=now())
    )


def note_error(s: Session, flow_run_id: str, error: str) -> None:
    """Note why a try failed that is not the last."""
    s.execute(update(JobRow).where(JobRow.flow_run_id == flow_run_id).values(error=clean(error)))


def end(s: Session, flow_run_id: str, status: JobStatus, error: str | None = None) -> bool:
    """Note what came of a job, if it is not over; True if that is new."""
    changes: dict[str, Any] = {"status": status.value, "ended_at": now(), "active_key": None}
    changes["error"] = clean(error) if error else None
    if status is JobStatus.COMPLETED:
        changes["progress"] = 1.0
    done = s.execute(
        update(JobRow)
        .where(JobRow.flow_run_id == flow_run_id, JobRow.status.in_(_ACTIVE))
        .values(**changes)
    )
    return cast("CursorResult[Any]", done).rowcount > 0


def find(s: Session, flow_run_id: str) -> JobRow:
    """The row of a job.

    Raises:
        UsageError: there is none.
    """
    row = s.scalars(select(JobRow).where(JobRow.flow_run_id == flow_run_id)).one_or_none()
    if row is None:
        raise UsageError(f"There is no job {flow_run_id}.")
    return row


def active(s: Session) -> Sequence[JobRow]:
    """All jobs that Prefect has and that are not over, the first asked for first."""
    wanted = (JobRow.status.in_(_ACTIVE), JobRow.flow_run_id.is_not(None))
    return s.scalars(select(JobRow).where(*wanted).order_by(JobRow.created_at)).all()


def page(
    s: Session,
    limit: int,
    video_id: str | None = None,
    status: JobStatus | None = None,
    before: tuple[datetime, str] | None = None,
) -> Sequence[JobRow]:
    """The ``limit`` newest jobs that Prefect has; ``before``: moment and id of the last seen."""
    query = select(JobRow).where(JobRow.flow_run_id.is_not(None))
    if video_id is not None:
        query = query.where(JobRow.video_id == clean(video_id))
    if status is not None:
        query = query.where(JobRow.status == status.value)
    if before is not None:
        moment, last = before
        same = (JobRow.created_at == moment) & (JobRow.id < last)
        query = query.where(or_(JobRow.created_at < moment, same))
    return s.scalars(query.order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(limit)).all()


def record(row: JobRow) -> JobRecord:
    """A row as it is told."""
    return JobRecord(
        flow_run_id=row.flow_run_id or "",
        kind=JobKind(row.kind),
        video_id=row.video_id,
        status=JobStatus(row.status),
        priority=Priority(row.priority),
        progress=row.progress,
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _key(job: Job) -> str:
    """The same for jobs that do the same."""
    text = json.dumps([job.kind.value, job.parameters], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
