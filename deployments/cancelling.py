"""A run ended by Prefect, where its worker began it: a crashed night would be run again."""

from __future__ import annotations

from typing import Any

from deployments import rest
from utils.config import Settings
from utils.errors import NightShiftError
from utils.processes.prefect_environment import is_served


def cancel(settings: Settings, run_id: str) -> bool:
    """Have a run's worker end it; False where no worker began it, or no server answers.

    Args:
        settings: Where the server is.
        run_id: Of our run: the end of a flow run's id (tasks/flow_runs.py).
    """
    if not is_served(settings):
        return False
    wanted = {
        "flow_runs": {
            "state": {"type": {"any_": ["RUNNING"]}},
            "deployment_id": {"is_null_": False},
        },
        "limit": rest.PAGE,
    }
    try:
        with rest.connected(settings) as client:
            found = rest.ask(client, "POST", "flow_runs/filter", wanted)
            flow_run_id = next((run["id"] for run in found if _is(run, run_id)), None)
            if flow_run_id is None:
                return False
            state = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
            rest.ask(client, "POST", f"flow_runs/{flow_run_id}/set_state", state)
    except NightShiftError:
        return False
    return True


def _is(run: dict[str, Any], run_id: str) -> bool:
    """True for the flow run that opened the run; its chunks on workers have it as a parameter."""
    return str(run["id"]).replace("-", "")[-12:] == run_id
