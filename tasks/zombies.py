"""Prefect's side of a sweep: flow runs whose process was killed are not left Running."""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from utils.sweep import Swept

_OPEN = [StateType.RUNNING, StateType.PENDING]


def run_of(flow_run: Any) -> str:
    """The id of our run for a flow run that was started without one: a retry has the same."""
    return str(flow_run.id).replace("-", "")[-12:]


def close_zombies(swept: Swept) -> int:
    """Mark what Prefect still has as Running of the runs that a sweep found dead as Crashed.

    Children carry their run's id as a parameter. (A parent that a worker started is also found
    by its missing heartbeat: deployments/register.py.)
    """
    if not swept.runs:
        return 0
    dead = set(swept.runs)
    with get_client(sync_client=True) as client:
        running = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN))
            ),
            limit=200,
        )
        found = [run for run in running if _run_id(run) in dead]
        for run in found:
            client.set_flow_run_state(
                run.id, Crashed(message="Its process was killed."), force=True
            )
    return len(found)


def _run_id(run: FlowRun) -> str:
    return str(run.parameters.get("run_id") or run_of(run))
