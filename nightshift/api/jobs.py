"""Jobs on demand over HTTP, in the words of the web apps that ask for them (camelCase)."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.concurrency import run_in_threadpool as in_thread

from deployments import queueing
from nightshift.api import streaming
from nightshift.api.access import Reader, Writer
from nightshift.api.problems import problem
from nightshift.api.roots import inside
from nightshift.api.streaming import Event, LastEventId, Polled, Seconds
from utils.config import Settings
from utils.db import jobs as table
from utils.db.job_tables import JobRow
from utils.db.session import session
from utils.db.video_database import VideoDatabase
from utils.errors import NightShiftError, UsageError
from utils.models import job as jobs
from utils.models.base import Frozen
from utils.models.job import CropBounds, Job, JobKind, JobRecord, JobStatus, Priority
from utils.storage import files

router = APIRouter(prefix="/jobs", tags=["jobs"])

_TEXT = Field(min_length=1, max_length=4096)
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `job`, their data as JSON; comments between.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
}
Wanted = Annotated[str, InPath(pattern=r"^[0-9a-fA-F-]{36}$", description="The flow run's id.")]


class _Camel(Frozen):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class FullFramesRequest(_Camel):
    """Whole frames every few seconds, with the text in them. Paths are the server's."""

    video_id: str = Field(min_length=1, max_length=200)
    video_path: str = _TEXT
    db_path: str = _TEXT
    output_dir: str = _TEXT
    frame_rate: float | None = Field(default=None, gt=0, le=10, description="Frames a second.")
    priority: Priority = Priority.INTERACTIVE


class CropFramesRequest(FullFramesRequest):
    """A part of so many frames a second."""

    crop_bounds: CropBounds
    crop_bounds_version: int = Field(default=1, ge=0, lt=2**53)


class QueuedJob(_Camel):
    """A job that was taken, or that one in work which does the same."""

    flow_run_id: str
    status: str = "queued"
    priority: Priority


class JobAnswer(JobRecord):
    """A job, and how far it is."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class JobPage(_Camel):
    """Some jobs, the newest first; ``nextCursor`` is null behind the last."""

    items: tuple[JobAnswer, ...]
    next_cursor: str | None


class FrameAnswer(_Camel):
    """A frame and the text in it: fractions of the picture, y from the bottom."""

    frame_index: int
    texts: tuple[dict[str, Any], ...]


class Frames(_Camel):
    """The frames that a job made; their pictures lie in the video's database."""

    flow_run_id: str
    frames: tuple[FrameAnswer, ...]


@router.post("/full-frames", status_code=202)
def queue_full_frames(asked: FullFramesRequest, request: Request, _caller: Writer) -> QueuedJob:
    """Queue the full frames of a video; the same job that is not over is joined."""
    return _queue(JobKind.FULL_FRAMES, asked, request)


@router.post("/crop-frames", status_code=202)
def queue_crop_frames(asked: CropFramesRequest, request: Request, _caller: Writer) -> QueuedJob:
    """Queue the cropped frames of a video; the same job that is not over is joined."""
    return _queue(JobKind.CROP_FRAMES, asked, request)


@router.get("")
def every(
    request: Request,
    _caller: Reader,
    video_id: Annotated[str | None, Query(alias="videoId", max_length=200)] = None,
    status: JobStatus | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JobPage:
    """List jobs, the newest first."""
    before = _place(cursor) if cursor else None
    with session() as s:
        rows = table.page(s, limit + 1, video_id, status, before)
    _refresh(rows[:limit], request)
    with session() as s:
        rows = table.page(s, limit + 1, video_id, status, before)
    more = _cursor(rows[limit - 1]) if len(rows) > limit else None
    return JobPage(items=tuple(_told(row) for row in rows[:limit]), next_cursor=more)


@router.get("/{flow_run_id}")
def show(flow_run_id: Wanted, request: Request, _caller: Reader) -> JobAnswer:
    """Show a job and how far it is."""
    return _told(_found(flow_run_id, request))


@router.post("/{flow_run_id}/cancel", status_code=202)
def cancel(flow_run_id: Wanted, request: Request, _caller: Writer) -> JobAnswer:
    """End a job: at once while it waits, else within seconds. One that is over stays as it is."""
    row = _found(flow_run_id, request)
    if not JobStatus(row.status).is_over:
        _server(request).cancel(row.flow_run_id or "")
    return _told(_found(flow_run_id, request))


@router.get("/{flow_run_id}/frames")
def frames(flow_run_id: Wanted, request: Request, _caller: Reader) -> Frames:
    """List the frames that are in the video's database now, with the text in them."""
    with session() as s:
        row = table.find(s, flow_run_id.lower())
    settings: Settings = request.app.state.settings
    path = Path(row.parameters["db_path"])
    if not inside(path, settings):
        raise problem(403, "Forbidden", "The video's database lies outside of the roots.")
    if not path.exists():
        raise problem(404, "Not Found", "The video's database is not there (yet).")
    found = VideoDatabase(path, settings.database_wait_seconds).indexes(JobKind(row.kind))
    made = [
        FrameAnswer(
            frame_index=index,
            texts=tuple({to_camel(name): value for name, value in box.items()} for box in boxes),
        )
        for index, boxes in found.items()
    ]
    return Frames(flow_run_id=flow_run_id, frames=tuple(made))


@router.get("/{flow_run_id}/events", response_class=Response, responses=_EVENTS)
async def follow(
    flow_run_id: Wanted,
    request: Request,
    _caller: Reader,
    last_event_id: LastEventId = None,
    seconds: Seconds = None,
) -> Response:
    """Follow a job to its end: an event `job`, the job as it is then, at each change."""
    job = (await in_thread(_found, flow_run_id, request)).flow_run_id or ""

    def poll(place: str | None) -> Polled:
        changed = progress_since(job, place)
        if changed is None:
            return Polled((), place or "", is_over=JobStatus(_known(job).status).is_over)
        cursor, document = changed
        is_over = JobStatus(document["status"]).is_over
        return Polled((Event(cursor, "job", document),), cursor, is_over)

    return await streaming.stream(request, f"job {job}", poll, last_event_id, seconds)


def _known(flow_run_id: str) -> JobAnswer:
    with session() as s:
        return _told(table.find(s, flow_run_id))


def progress_since(flow_run_id: str, cursor: str | None) -> tuple[str, dict[str, Any]] | None:
    """A job as JSON if it is not as it was at ``cursor``, with the cursor for the next question.

    For a stream of events, which sends the document under the cursor as its id.

    Raises:
        UsageError: there is no such job.
    """
    with session() as s:
        found = _told(table.find(s, flow_run_id))
    state = f"{found.attempts}-{found.status.value}-{found.progress:.4f}"
    return None if state == cursor else (state, found.model_dump(mode="json", by_alias=True))


def _queue(kind: JobKind, asked: FullFramesRequest, request: Request) -> QueuedJob:
    settings: Settings = request.app.state.settings
    given = asked.model_dump(exclude={"priority", "crop_bounds"})
    for name in ("video_path", "db_path", "output_dir"):
        if not inside(given[name], settings):
            raise problem(
                403, "Forbidden",
                f"{to_camel(name)} is no absolute path inside the inbox or NIGHTSHIFT_API__ROOTS.",
            )  # fmt: skip
        given[name] = Path(given[name])
    if isinstance(asked, CropFramesRequest):
        given["crop_bounds"] = asked.crop_bounds
    job = _job(kind, given)
    queued = _server(request).queue(job, asked.priority)
    return QueuedJob(flow_run_id=queued.flow_run_id, priority=queued.priority)


def _job(kind: JobKind, given: dict[str, Any]) -> Job:
    """What is asked, if it can be done.

    Raises:
        Problem: 422, with what is wrong.
    """
    try:
        job = jobs.of(kind, **given)
        files.stat(job.video_path)
    except NightShiftError as error:
        raise problem(422, "Unprocessable", str(error)) from error
    return job


@cache
def _connection(settings: Settings) -> queueing.JobServer:
    return queueing.connected(settings)


def _server(request: Request) -> queueing.JobServer:
    """The one connection of this process to Prefect.

    Raises:
        Problem: 503 where no server is set: nothing can be queued.
    """
    try:
        return _connection(request.app.state.settings)
    except NightShiftError as error:
        raise problem(503, "No Prefect server", str(error), Retry_After="30") from error


def _found(flow_run_id: str, request: Request) -> JobRow:
    """A job's row, after Prefect was asked of one that is not over."""
    with session() as s:
        row = table.find(s, flow_run_id.lower())
    _refresh([row], request)
    with session() as s:
        return table.find(s, flow_run_id.lower())


def _refresh(rows: Any, request: Request) -> None:
    """Note the end of jobs whose own process could not: killed, cancelled, deleted in the UI.

    Who only wants to look is not refused because Prefect's server is away.
    """
    waiting = [row.flow_run_id for row in rows if not JobStatus(row.status).is_over]
    if not waiting:
        return
    try:
        states = _connection(request.app.state.settings).states(waiting)
    except NightShiftError:
        return
    of_each = {run: states.get(run) for run in waiting}
    over = {run: state for run, state in of_each.items() if state is None or state.status.is_over}
    queueing.settle(
        {r: state for r, state in over.items() if state is None or state.status.is_over}
    )


def _told(row: JobRow) -> JobAnswer:
    return JobAnswer(**table.record(row).model_dump())


def _cursor(row: JobRow) -> str:
    plain = json.dumps([row.created_at.isoformat(), row.id])
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        moment, row_id = json.loads(text)
        found = datetime.fromisoformat(moment)
        if found.tzinfo is None or not isinstance(row_id, str) or "\0" in row_id:
            raise ValueError
        row_id.encode()
    except (ValueError, TypeError, RecursionError) as error:
        wrong = UsageError("The cursor is none of ours: begin again without one.")
        raise problem(422, "Unprocessable", str(wrong)) from error
    return found, row_id
