"""What Prefect's server keeps of a run, or of an item in it: its log, and where its UI shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from deployments import rest
from utils.config import Settings
from utils.privacy.redaction import redacted
from utils.processes.prefect_environment import prefect_api

MOST = 200  # lines, the last ones
_AROUND = timedelta(minutes=10)  # a flow run begins a little before our run has its row


class Line(NamedTuple):
    """A line of a log; ``level`` as Python has it: 30 is a warning."""

    at: datetime
    level: int
    text: str


class RunLog(NamedTuple):
    """The last lines of a flow run, the oldest first, and its address in Prefect's UI."""

    address: str
    lines: tuple[Line, ...]


def of_run(settings: Settings, run_id: str, began_at: datetime) -> RunLog | None:
    """The log of a run; None where the server does not know it.

    Raises:
        SettingsError: there is no server, or it wants a password.
        RetryableError: it does not answer.
    """
    around = {
        "after_": (began_at - _AROUND).isoformat(),
        "before_": (began_at + _AROUND).isoformat(),
    }
    return _found(settings, {"start_time": around}, lambda run: _is_of(run, run_id))


def of_item(settings: Settings, run_id: str, item_id: str) -> RunLog | None:
    """The log of an item in a run; None where the server does not know it; raises likewise."""
    named = {"name": {"any_": [item_id[:12]]}}  # as flows/process_item.py has it
    return _found(settings, named, lambda run: run["parameters"].get("run_id") == run_id)


def _is_of(run: dict[str, Any], run_id: str) -> bool:
    """True for the flow run of our run: named by it, or with an id that ends so."""
    is_part = run.get("parent_task_run_id") is not None
    ends_so = str(run["id"]).replace("-", "")[-12:] == run_id
    return ends_so or (run["parameters"].get("run_id") == run_id and not is_part)


def _found(
    settings: Settings, which: dict[str, Any], is_it: Callable[[dict[str, Any]], bool]
) -> RunLog | None:
    with rest.connected(settings) as client:
        wanted = {"flow_runs": which, "sort": "START_TIME_DESC", "limit": rest.PAGE}
        runs = rest.ask(client, "POST", "flow_runs/filter", wanted)
        flow_run_id = next((run["id"] for run in runs if is_it(run)), None)
        if flow_run_id is None:
            return None
        lines = {
            "logs": {"flow_run_id": {"any_": [flow_run_id]}},
            "sort": "TIMESTAMP_DESC",
            "limit": MOST,
        }
        rows = rest.ask(client, "POST", "logs/filter", lines)
    api = prefect_api(settings)
    base = redacted(api.url).removesuffix("/api") if api else ""
    told = [_line(row) for row in reversed(rows)]
    return RunLog(f"{base}/runs/flow-run/{flow_run_id}", tuple(told))


def _line(row: dict[str, Any]) -> Line:
    at = datetime.fromisoformat(str(row["timestamp"]))
    return Line(at, int(row["level"]), redacted(str(row["message"])))
