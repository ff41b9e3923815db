"""What the deployment of a source is to be, and in what one that is there differs from that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from deployments import rest, source_schedules
from utils.config import Settings
from utils.db.source_tables import Source
from utils.models.source import Trigger
from utils.privacy.redaction import shown

FLOW = "run-ingestion"
ENTRYPOINT = "flows/run_ingestion.py:run_ingestion"
TAG = "nightshift"  # that of tasks/tags.py, which imports Prefect
OWNER, SOURCE = "nightshift.database", "nightshift.source"
# The deployment that `prefect deploy` made of prefect.yaml: its runs find the code, and ours there.
_ON_DEMAND = "on-demand"
_CODE = ("pull_steps", "path", "storage_document_id", "parameter_openapi_schema")
_PROJECT = Path(__file__).parent.parent
_SCHEMA = {
    "title": "Parameters",
    "type": "object",
    "properties": {
        "source_id": {"title": "source_id", "type": "string", "position": 0},
        "trigger": {
            "title": "trigger",
            "type": "string",
            "enum": [trigger.value for trigger in Trigger],
            "default": Trigger.SCHEDULED.value,
            "position": 1,
        },
    },
    "required": ["source_id"],
}


class Server(NamedTuple):
    """What is on the server: deployments of our flow, whosever they are, and where code lies."""

    client: httpx.Client
    settings: Settings
    owner: str
    deployments: list[dict[str, Any]]
    code: dict[str, Any]


def seen(client: httpx.Client, settings: Settings, owner: str) -> Server:
    """The server as it is now; ``owner``: the id of our database.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    wanted = {"flows": {"name": {"any_": [FLOW]}}, "sort": "NAME_ASC"}
    found = list(rest.pages(client, "deployments/filter", wanted))
    step = {"prefect.deployments.steps.set_working_directory": {"directory": str(_PROJECT)}}
    code = dict.fromkeys(_CODE) | {"pull_steps": [step], "parameter_openapi_schema": _SCHEMA}
    for one in found:
        if one["name"] == _ON_DEMAND and SOURCE not in one["labels"]:
            code = {name: one[name] for name in _CODE}
    return Server(client, settings, owner, found, code)


def of_source(server: Server, row: Source) -> dict[str, Any] | None:
    """The deployment of a source; None if there is none."""
    for one in server.deployments:
        if one["labels"].get(SOURCE) == row.id or one["id"] == row.prefect_deployment_id:
            return one
    return None


def without_source(server: Server, rows: Sequence[Source]) -> list[dict[str, Any]]:
    """The deployments of our database's sources that are no more; never those of others."""
    known = {row.id for row in rows}
    ours = (one for one in server.deployments if one["labels"].get(OWNER) == server.owner)
    return [one for one in ours if one["labels"].get(SOURCE) not in known]


def keeps_schedules(there: dict[str, Any] | None) -> bool:
    """True for a deployment whose schedules a source can't have: they were made in Prefect."""
    return there is not None and source_schedules.of_deployment(there) is None


def wanted(
    server: Server, row: Source, there: dict[str, Any] | None, keeps: bool = False
) -> dict[str, Any]:
    """What the deployment of a source is to be, as Prefect's API takes it.

    Args:
        server: Where it goes.
        row: The source.
        there: The one that is there: its further tags stay.
        keeps: Its schedules stay, too.
    """
    when = source_schedules.of_row(row, server.settings)
    cron = {"cron": when.cron, "timezone": when.timezone}
    schedules = [{"schedule": cron, "active": not when.is_paused, "slug": TAG}]
    remembered = source_schedules.labels(when)
    if there and keeps:
        schedules = [{n: one[n] for n in ("schedule", "active", "slug", "parameters")}
                     for one in there["schedules"]]  # fmt: skip
        remembered = {n: value for n, value in there["labels"].items() if n in remembered}
    return {
        "name": _name(server, row, there),
        "description": f"Looks into the source {row.name}: {shown(row.location)}",
        "entrypoint": ENTRYPOINT,
        **server.code,
        "parameters": {"source_id": row.id, "trigger": Trigger.SCHEDULED.value},
        "enforce_parameter_schema": True,
        "tags": sorted({TAG, *(there["tags"] if there else ())}),
        "labels": {OWNER: server.owner, SOURCE: row.id, **remembered},
        "work_pool_name": server.settings.work_pool,
        "work_queue_name": row.queue,
        "schedules": schedules if when.cron or keeps else [],
        "paused": bool(there["paused"]) if there and keeps else when.is_paused,
        "concurrency_limit": 1,  # of one source one run at a time; the next one waits
        "concurrency_options": {"collision_strategy": "ENQUEUE"},
    }


def _name(server: Server, row: Source, there: dict[str, Any] | None) -> str:
    """The source's name; with its id where a deployment of somebody else is called so."""
    others = {one["name"] for one in server.deployments if one is not there}
    return f"{row.name}-{row.id[:8]}" if row.name in others else row.name


def differing(there: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """In what a deployment differs from what it is to be, in words."""
    schedules = [_schedule(one) for one in there["schedules"]]
    labels = wanted["labels"].items()
    same = {
        "name": there["name"] == wanted["name"],
        "queue": all(there[n] == wanted[n] for n in ("work_pool_name", "work_queue_name")),
        "parameters": there["parameters"] == wanted["parameters"],
        "tags": set(wanted["tags"]) <= set(there["tags"]),
        "code": all(there[n] == wanted[n] for n in ("entrypoint", *_CODE)),
        "schedule": schedules == [_schedule(one) for one in wanted["schedules"]]
        and there["paused"] == wanted["paused"],
        "labels": all(there["labels"].get(name) == value for name, value in labels),
    }
    return [name for name, is_same in same.items() if not is_same]


def _schedule(given: dict[str, Any]) -> tuple[Any, ...]:
    """What counts of a schedule."""
    schedule = {n: v for n, v in given["schedule"].items() if v is not None and n != "day_or"}
    return schedule, given["active"]
