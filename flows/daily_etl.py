"""A night of music: what was listened to is checked, enriched from three sources, made tables."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from subflows.data_preparation import data_preparation
from subflows.enrichment_coordination import enrichment_coordination
from subflows.music_parts import Begun, Part, conclude, told
from subflows.transformation import transformation
from tasks import ephemeral_server
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from utils.config import Settings
from utils.models.music import Outcome, SubflowResult
from utils.models.music_report import MusicReport, failed, is_good, together
from utils.processes import memory
from utils.scheduling import music_session


@flow(name="daily-etl")
def daily_etl(run_id: str | None = None, full: bool = False) -> State[MusicReport]:
    """Prepare what came in, ask Spotify, MusicBrainz and geography at once, build the tables.

    It goes on as long as one of the three succeeds. A second run beside it does nothing.

    Args:
        run_id: The id of the run; a new one when not given.
        full: Build all tables anew, and not only what has changed.
    """
    settings = connect()
    run_id = run_id or run_of(flow_run)
    with music_session.music_session("daily-etl", run_id, settings) as opened:
        ephemeral_server.end_with_us()
        close_zombies(settings, opened.recovered.runs)
        if not opened.is_ours:
            return told(music_session.refused("daily-etl", run_id))
        if music_session.is_silent():
            return conclude(run_id, Outcome.NO_UPDATES, settings)
        prepared = _prepared(run_id, settings)
        enriched = _enriched(run_id)
        if not is_good(enriched):  # without any answer the tables would lose what they say
            return conclude(run_id, Outcome.FAILED, settings)
        memory.give_back()  # of thousands of answers, before duckdb takes its own
        built = _built(run_id, full, settings)
        status = together([prepared, enriched, built]) if is_good(built) else Outcome.FAILED
        return conclude(run_id, status, settings)


def _prepared(run_id: str, settings: Settings) -> SubflowResult:
    limit = settings.music.default_timeout
    return Begun(Part(data_preparation, limit, "default_timeout"), run_id).result()


def _enriched(run_id: str) -> SubflowResult:
    state: State[SubflowResult] = enrichment_coordination(run_id, return_state=True)
    found = state.result(raise_on_failure=False)
    return failed("enrichment-coordination", found) if isinstance(found, BaseException) else found


def _built(run_id: str, full: bool, settings: Settings) -> SubflowResult:
    limit = settings.music.transformation_timeout
    part = Part(transformation, limit, "transformation_timeout", {"full": full})
    return Begun(part, run_id).result()


if __name__ == "__main__":
    daily_etl()
