"""What was played at Spotify since the last look, every half hour: it keeps the last 50 plays."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from tasks.database import connect
from tasks.flow_runs import run_of
from tasks.music_spotify import take_plays
from utils.db import music_runs
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.music import Fault, Outcome, SubflowResult

_NAMES = {Outcome.NO_UPDATES: "No updates", Outcome.PARTIAL: "Partial success"}


@flow(name="spotify-ingestion")
def spotify_ingestion(
    limit: Annotated[int, Field(ge=1, le=50)] = 50, run_id: str | None = None
) -> State[SubflowResult]:
    """Take what was played since the last look; twice at once does no harm.

    Its state says what it came to: success, no updates, partial success (something is no play, or
    more was played than Spotify keeps).

    Args:
        limit: Plays in one request.
        run_id: The id of the run; that of the flow run when not given.
    """
    settings = connect()
    with session() as s:
        run_id = music_runs.begin(s, "spotify-ingestion", run_id or run_of(flow_run))
    try:
        result = take_plays(settings, limit)
    except NightShiftError as error:
        _note(run_id, _failed(error))
        raise
    _note(run_id, result)
    new, seen = int(result.metrics["new"]), int(result.metrics["rows"])
    told = "; ".join([f"{new} new plays of {seen}", *(fault.message for fault in result.errors)])
    return Completed(name=_NAMES.get(result.status), message=told, data=result)


def _failed(error: NightShiftError) -> SubflowResult:
    fault = Fault(what="Spotify", error_class=type(error).__name__, message=str(error))
    return SubflowResult(
        name="spotify-ingestion", status=Outcome.FAILED, metrics={"errors": 1}, errors=(fault,)
    )


def _note(run_id: str, result: SubflowResult) -> None:
    with session() as s:
        music_runs.add(s, run_id, result)
        music_runs.end(s, run_id, result.status)
