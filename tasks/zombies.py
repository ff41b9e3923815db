"""Prefect's side of a sweep: flow runs whose process was killed, slots that they still hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psutil
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed
from sqlalchemy import select
from sqlalchemy.orm import Session

from utils import reaper
from utils.config import load_settings
from utils.db.schema import Holder, Run, now
from utils.db.session import session

_SERVER = "prefect.server.api.server:create_app"
_watched: list[psutil.Process] = []
# From a run's end in the database to its flow run's; a dead worker's runs get 15 s. Chosen.
_SAID_SECONDS = 20
_PAGE = 200  # the most that Prefect's API gives at once


def run_of(flow_run: Any) -> str:
    """The id of our run for a flow run that was started without one: a retry has the same."""
    return str(flow_run.id).replace("-", "")[-12:]


def end_server_with_us() -> None:
    """Prefect's ephemeral server outlives a process that is killed, and holds 250 MB: watch it."""
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if _SERVER in child.cmdline():
                reaper.watch(child.pid)
                _watched.append(child)


def server_is_gone() -> bool:
    """True if the ephemeral server of this process was there, and died."""
    return not all(map(_lives, _watched))


def _lives(child: psutil.Process) -> bool:
    try:
        return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def close_zombies(dead: Collection[str] = ()) -> list[str]:
    """Mark flow runs that Prefect has as Running and nobody works for as Crashed.

    These are those of ``dead`` runs, and of runs without a holder those that came to an end in
    the database a while ago, and could not say so any more, or began more than a lease ago.
    Children carry their run's id as a parameter.

    Returns:
        Their names.
    """
    with get_client(sync_client=True) as client:
        running = _running(client)
        with session() as s:
            living = set(s.scalars(select(Holder.run_id)))
            ended = _ended(s, {_our_id(run) for run in running})
        found = [run for run in running if _is_zombie(run, dead, living, ended)]
        for run in found:
            client.set_flow_run_state(
                run.id, Crashed(message="Its process was killed."), force=True
            )
    return [run.name for run in found]


def _ended(s: Session, run_ids: Collection[str]) -> dict[str, datetime]:
    """When runs ended, those that did."""
    over = select(Run.id, Run.ended_at).where(Run.id.in_(run_ids), Run.ended_at.is_not(None))
    return {run_id: at for run_id, at in s.execute(over) if at}


def free_slots() -> list[str]:
    """Free the slots of tag limits that are taken though nothing runs; returns their tags.

    Leases end by themselves after a minute, unless the server kept them in memory and was
    killed.
    """
    with get_client(sync_client=True) as client:
        if _running(client):
            return []
        leaked = [
            limit.name
            for limit in client.read_global_concurrency_limits(limit=_PAGE, offset=0)
            if limit.name.startswith("tag:") and limit.active_slots
        ]
        for name in leaked:
            update = GlobalConcurrencyLimitUpdate(active_slots=0)
            client.update_global_concurrency_limit(name, update)
    return leaked


def _running(client: SyncPrefectClient) -> list[FlowRun]:
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state), limit=_PAGE)


def _our_id(run: FlowRun) -> str:
    return str(run.parameters.get("run_id") or run_of(run))


def _is_zombie(
    run: FlowRun,
    dead: Collection[str],
    living: Collection[str | None],
    ended: Mapping[str, datetime],
) -> bool:
    run_id = _our_id(run)
    if run_id in dead or run_id in living:
        return run_id in dead
    # A run that is tried again keeps its id: only an end after it began to run is its own.
    over_at = ended.get(run_id)
    if over_at and run.state and run.state.timestamp < over_at:
        return now() - over_at > timedelta(seconds=_SAID_SECONDS)
    lease = timedelta(seconds=load_settings().lease_seconds)
    return run.start_time is not None and now() - run.start_time > lease
