"""Our flow runs on a Prefect server: those whose process was killed, slots that they still hold.

A server may have other users: only runs of our flows that carry our tag are looked at, and only
limits that carry it in their name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from tasks.tags import FLOWS, SERVED, TAG, lane_tag
from utils.clock import now
from utils.config import Settings
from utils.db import music_runs, runs, workers
from utils.db.session import session

# From a run's end in the database to its flow run's; a dead worker's runs get 15 s. Chosen.
_REPORTED_SECONDS = 20
PAGE = 200  # the most that Prefect's API gives at once

T = TypeVar("T")


def run_of(flow_run: Any) -> str:
    """The id of our run for a flow run that was started without one: a retry has the same."""
    return str(flow_run.id).replace("-", "")[-12:]


def close_zombies(settings: Settings, dead: Collection[str] = ()) -> list[str]:
    """Mark flow runs that Prefect has as Running and nobody works for as Crashed.

    These are those of ``dead`` runs, and of runs without a worker those that came to an end in
    the database a while ago, and could not say so any more, or began more than a lease ago.
    Children carry their run's id as a parameter.

    Returns:
        Their names.
    """
    with get_client(sync_client=True) as client:
        running = list(_running(client))
        with session() as s:
            at_work = workers.runs_at_work(s)
            ours = {_our_id(run) for run in running}
            ended = runs.ends(s, ours) | music_runs.ends(s, ours)
        lease = timedelta(seconds=settings.lease_seconds)
        found = [run for run in running if _is_zombie(run, dead, at_work, ended, lease)]
        for run in found:
            client.set_flow_run_state(
                run.id, Crashed(message="Its process was killed."), force=True
            )
    return [run.name for run in found]


def free_slots(settings: Settings) -> list[str]:
    """Free the slots of our tag limits that are taken though nothing runs; returns their names.

    Leases end by themselves after a minute, unless the server kept them in memory and was
    killed.
    """
    ours = {f"tag:{lane_tag(lane)}" for lane in settings.lanes.model_dump()}
    with get_client(sync_client=True) as client:
        if any(True for _ in _running(client)):
            return []
        limits = pages(
            lambda offset: client.read_global_concurrency_limits(limit=PAGE, offset=offset)
        )
        leaked = [limit.name for limit in limits if limit.name in ours and limit.active_slots]
        for name in leaked:
            update = GlobalConcurrencyLimitUpdate(active_slots=0)
            client.update_global_concurrency_limit(name, update)
    return leaked


def pages(read: Callable[[int], list[T]]) -> Iterator[T]:
    """All rows of a list that Prefect's API gives in pages, each from an offset."""
    offset = 0
    while True:
        page = read(offset)
        yield from page
        if len(page) < PAGE:
            return
        offset += len(page)


def _running(client: SyncPrefectClient) -> Iterator[FlowRun]:
    """Our flow runs that Prefect has as Running."""
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
        # An ephemeral server is ours alone, and its runs carry no tag.
        tags=FlowRunFilterTags(all_=[TAG]) if SERVED else None,
    )
    ours = FlowFilter(name=FlowFilterName(any_=list(FLOWS)))
    return pages(
        lambda offset: client.read_flow_runs(
            flow_filter=ours, flow_run_filter=wanted, limit=PAGE, offset=offset
        )
    )


def _our_id(run: FlowRun) -> str:
    return str(run.parameters.get("run_id") or run_of(run))


def _is_zombie(
    run: FlowRun,
    dead: Collection[str],
    at_work: Collection[str],
    ended: Mapping[str, datetime],
    lease: timedelta,
) -> bool:
    run_id = _our_id(run)
    if run_id in dead or run_id in at_work:
        return run_id in dead
    # A run that is tried again keeps its id: only an end after it began to run is its own.
    over_at = ended.get(run_id)
    if over_at and run.state and run.state.timestamp < over_at:
        return now() - over_at > timedelta(seconds=_REPORTED_SECONDS)
    return run.start_time is not None and now() - run.start_time > lease
