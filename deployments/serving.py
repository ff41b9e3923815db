"""`nightshift serve --flows`: one process serves the flows, without a work pool and its workers.

For a small machine. What is queued waits at Prefect's server while nobody serves; what was in work
is scheduled again. Where `nightshift deploy` registered the deployments before they keep their
pool: its workers and this process both take what is queued.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
from prefect import Flow, serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from deployments import queueing
from deployments.queueing import NO_SERVER
from deployments.register import jobs_again_automation
from flows.content_ingestion import content_ingestion
from flows.crop_frames import crop_frames
from flows.daily_etl import daily_etl
from flows.full_frames import full_frames
from flows.night_shift import night_shift
from flows.process_item import process_item
from flows.spotify_ingestion import spotify_ingestion
from tasks.tags import TAG
from utils import clock
from utils.config import Settings
from utils.db import spotify_credentials
from utils.db.session import session
from utils.errors import NightShiftError, RetryableError, SettingsError
from utils.models.job import Priority
from utils.processes.prefect_environment import prefect_api

# Each flow that may last runs once at a time, jobs in the background too: that leaves places for
# what somebody waits for.
_ONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
_INTERACTIVE = 2
_LOOK_SECONDS = 30.0


def serve_flows(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve all flows until a signal comes; runs that are in work are ended then.

    Raises:
        SettingsError: no Prefect server is set.
        RetryableError: it does not answer.
    """
    api = prefect_api(settings)
    if api is None:
        raise SettingsError(NO_SERVER)
    made = list(_deployments(settings))
    try:
        for deployment in made:
            say(f"serves {deployment.flow_name}/{deployment.name}")
        _register(made)
        say(jobs_again_automation())
    except httpx.HTTPError as error:
        raise RetryableError(f"The Prefect server does not answer: {error}.") from error
    threading.Thread(target=_revive_jobs, args=(settings,), name="revive", daemon=True).start()
    say("Stop: Ctrl-C; what is queued then waits for the next start")
    serve(
        *made, pause_on_shutdown=False, print_starting_message=False,
        limit=len(made) + _INTERACTIVE,
    )  # fmt: skip


def _revive_jobs(settings: Settings) -> None:
    """Look after jobs that were in work when the last such process was ended."""
    server = queueing.connected(settings)
    while True:
        with suppress(NightShiftError):
            queueing.revive(server)
        clock.wait(_LOOK_SECONDS)


def _register(made: list[RunnerDeployment]) -> None:
    """Tell the server of the deployments: ``serve`` does so too, but only as its last word."""
    for deployment in made:
        deployment.apply()


def _deployments(settings: Settings) -> Iterator[RunnerDeployment]:
    jobs: tuple[Flow[..., Any], ...] = (full_frames, crop_frames)
    for flow in jobs:
        yield _deployment(flow, flow.name)
        yield _deployment(flow, f"{flow.name}-{Priority.BACKGROUND}", concurrency_limit=_ONE)
    on_demand: tuple[Flow[..., Any], ...] = (content_ingestion, process_item)
    for flow in on_demand:
        yield _deployment(flow, "on-demand", concurrency_limit=_ONE)
    nightly = Cron("0 2 * * *", timezone=settings.timezone, slug="nightly")
    yield _deployment(night_shift, "nightly", schedule=nightly, concurrency_limit=_ONE)
    tables = Cron("0 2 * * *", timezone=settings.timezone, slug="daily-etl")
    yield _deployment(daily_etl, "daily-etl", schedule=tables, concurrency_limit=_ONE)
    with session() as s:
        listens = spotify_credentials.is_there(s, settings.music)
    plays = Cron("*/30 * * * *", timezone=settings.timezone, slug="spotify-ingestion",
                 active=listens)  # fmt: skip
    yield _deployment(spotify_ingestion, "spotify-ingestion", schedule=plays,
                      concurrency_limit=_ONE)  # fmt: skip


def _deployment(flow: Flow[..., Any], name: str, **given: Any) -> RunnerDeployment:
    return RunnerDeployment.from_flow(
        flow, name, tags=[TAG], entrypoint_type=EntrypointType.MODULE_PATH, **given
    )
