"""What was played at Spotify since the last look, every half hour: it keeps the last 50 plays."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from subflows.music_parts import conclude, told
from tasks import ephemeral_server
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from tasks.music_spotify import take_plays
from utils.config import Settings
from utils.db import music_runs
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.music import SubflowResult
from utils.models.music_report import MusicReport, failed
from utils.scheduling import music_session


@flow(name="spotify-ingestion")
def spotify_ingestion(
    limit: Annotated[int, Field(ge=1, le=50)] = 50, run_id: str | None = None
) -> State[MusicReport]:
    """Take what was played since the last look; a second run beside it does nothing.

    Its state says what it came to: success, nothing to do, partial (something is no play, or more
    was played than Spotify keeps), failed.

    Args:
        limit: Plays in one request.
        run_id: The id of the run; that of the flow run when not given.
    """
    settings = connect()
    run_id = run_id or run_of(flow_run)
    with music_session.music_session("spotify-ingestion", run_id, settings) as opened:
        ephemeral_server.end_with_us()
        close_zombies(settings, opened.recovered.runs)
        if not opened.is_ours:
            return told(music_session.refused("spotify-ingestion", run_id))
        result = _taken(settings, limit)
        with session() as s:
            music_runs.add(s, run_id, result)
        return conclude(run_id, result.status, settings)


def _taken(settings: Settings, limit: int) -> SubflowResult:
    try:
        return take_plays(settings, limit)
    except NightShiftError as error:
        return failed("spotify-ingestion", error)
