"""Shifts over HTTP: begun, held, and how things stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field

from deployments import nightly
from nightshift.api.access import Reader, Writer
from nightshift.api.listing import whole
from nightshift.api.problems import problem
from nightshift.api.runs import ListedRun
from utils.db import flags, items, run_history
from utils.db.session import session
from utils.db.words import clean
from utils.documents import run
from utils.models.base import Frozen
from utils.models.shift import RunStatus
from utils.models.window import valid_window
from utils.processes.prefect_environment import prefect_api

router = APIRouter(tags=["shifts"])

_WINDOW = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"
_LATEST = 20  # runs among which those that are running are looked for


class Start(Frozen):
    """How the night is to be; what is left out is as the settings say."""

    limit: Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(whole)] | None = Field(
        None, description="Items that it takes."
    )
    window: Annotated[str, Field(pattern=_WINDOW)] | None = Field(
        None, description="When it may work, such as 22:00-06:00."
    )


class Queued(Frozen):
    """A shift that a worker will begin."""

    flow_run_id: str
    name: str
    status: str = Field(description="`scheduled`, until a worker takes it.")


class Reason(Frozen):
    """Why shifts are held."""

    reason: str | None = Field(None, max_length=500, description="Told to whoever waits.")


class Status(Frozen):
    """How things stand."""

    paused: bool
    reason: str | None
    paused_at: datetime | None
    items: dict[str, int] = Field(description="Items by status; `processing`: in work now.")
    running: tuple[ListedRun, ...]


@router.post("/shifts", status_code=202)
def start_shift(request: Request, given: Start, _caller: Writer) -> Queued:
    """Have a worker begin a night now; 409 where none could, 503 where Prefect is away."""
    api = prefect_api(request.app.state.settings)
    if api is None:
        raise problem(
            409,
            "Conflict",
            "There is no Prefect server to begin a shift: start one (`nightshift up`), or set "
            "NIGHTSHIFT_PREFECT_API_URL, then start this server again.",
        )
    key = getattr(request.state, "idempotency", None)
    wanted = given.model_dump(exclude_none=True)
    try:
        valid_window(given.window or "00:00-24:00")
    except ValueError as error:  # it ends as it begins, which no pattern says
        raise problem(409, "Conflict", str(error)) from error
    queued = nightly.start(api, wanted, key)
    return Queued(**queued._asdict())


@router.get("/shifts/status")
def show_shift_status(_caller: Reader) -> Status:
    """Show what is running, what waits, and whether shifts are held."""
    with session() as s:
        flag = flags.get(s, flags.PAUSED)
        running = [one for one in run_history.latest(s, _LATEST) if one.status == RunStatus.RUNNING]
        return Status(
            paused=flag is not None,
            reason=flag.value["reason"] if flag else None,
            paused_at=flag.set_at if flag else None,
            items=items.count_by_status(s),
            running=tuple(ListedRun(**run.summary(one)) for one in running),
        )


@router.post("/shifts/pause")
def pause_shifts(given: Reason, _caller: Writer) -> Status:
    """Begin no further item in any shift until they are resumed; what is in work goes on."""
    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": clean(given.reason) if given.reason else None})
    return show_shift_status(_caller)


@router.post("/shifts/resume")
def resume_shifts(_caller: Writer) -> Status:
    """Let paused shifts go on; nothing is changed where none are."""
    with session() as s:
        flags.remove(s, flags.PAUSED)
    return show_shift_status(_caller)
