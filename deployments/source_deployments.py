"""The deployment of the flow ``run-ingestion`` that each source owns on a Prefect server.

Both sides are brought together at any time: first what a person changed in Prefect is taken over,
then what differs from the source is written, and what belongs to no source is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from deployments import rest, source_payload, source_schedules
from deployments.rest import ask
from deployments.source_payload import FLOW, OWNER, SOURCE, Server
from utils.config import Settings
from utils.db import flags, sources
from utils.db.session import session
from utils.db.source_tables import Source
from utils.models.source import Trigger


class Difference(NamedTuple):
    """In what a source and the server did not say the same.

    ``done``: what was done about it, or would be; empty where a person has to decide.
    """

    source: str
    found: str
    done: str

    @property
    def is_taken_over(self) -> bool:
        """True for what a person changed in Prefect."""
        return self.done == _TAKEN_OVER


_TAKEN_OVER = "taken over from Prefect"


def bring_together(
    settings: Settings, only: str | None = None, *, dry_run: bool = False, replace: bool = False
) -> list[Difference]:
    """Have each source and its deployment say the same; returns in what they did not.

    Args:
        settings: Whose server and pool.
        only: The id of one source; else all are looked at, and what belongs to none is deleted.
        dry_run: Say it only.
        replace: Schedules in Prefect that a source can't have give way; else they stay.

    Raises:
        NightShiftError: the server does not answer, or refuses.
    """
    with session() as s:
        owner, rows = flags.database_id(s), sources.every(s)
    told: list[Difference] = []
    with rest.connected(settings) as client:
        server = source_payload.seen(client, settings, owner)
        for one in source_payload.without_source(server, rows):
            if only is None:
                told.append(_deleted(server, one, dry_run))
        for row in rows:
            if only in {None, row.id}:
                told += _brought(server, row, dry_run, replace)
    return told


def remove(settings: Settings, source_id: str) -> None:
    """Delete the deployment of a source.

    Raises:
        NightShiftError: the server does not answer.
    """
    with session() as s:
        owner = flags.database_id(s)
    with rest.connected(settings) as client:
        for one in source_payload.seen(client, settings, owner).deployments:
            labels = one["labels"]
            if (labels.get(OWNER), labels.get(SOURCE)) == (owner, source_id):
                ask(client, "DELETE", f"deployments/{one['id']}")


def start(
    settings: Settings, source_id: str, trigger: Trigger, concurrency: int | None = None
) -> str:
    """Have a worker look into a source now; returns the id of the flow run.

    ``concurrency``: items in work at once; the worker's setting when not given.

    Raises:
        NightShiftError: the server does not answer, or refuses.
    """
    bring_together(settings, source_id)  # it may have been deleted there
    with session() as s:
        deployment_id = s.get_one(Source, source_id).prefect_deployment_id
    given: dict[str, Any] = {"source_id": source_id, "trigger": trigger.value}
    if concurrency is not None:
        given["concurrency"] = concurrency
    asked = {"parameters": given, "state": {"type": "SCHEDULED"}}
    with rest.connected(settings) as client:
        return str(ask(client, "POST", f"deployments/{deployment_id}/create_flow_run", asked)["id"])


def _deleted(server: Server, deployment: dict[str, Any], dry_run: bool) -> Difference:
    if not dry_run:
        ask(server.client, "DELETE", f"deployments/{deployment['id']}")
        server.deployments.remove(deployment)
    name = deployment["name"]
    return Difference(name, f"the deployment {FLOW}/{name} belongs to no source", "deleted")


def _brought(server: Server, row: Source, dry_run: bool, replace: bool) -> Iterator[Difference]:
    """Take over what was changed in Prefect, then write what differs."""
    there = source_payload.of_source(server, row)
    changed = source_schedules.taken_over(row, there, server.settings) if there else []
    yield from (Difference(row.name, one, _TAKEN_OVER) for one in changed)
    keeps = source_payload.keeps_schedules(there)
    if keeps and not replace:
        yield Difference(row.name, _KEPT, "")
    wanted = source_payload.wanted(server, row, there, keeps and not replace)
    wrong = source_payload.differing(there, wanted) if there else []
    if there is None:
        yield Difference(row.name, f"there is no deployment {FLOW}/{wanted['name']}", "made")
    elif wrong and not changed:
        yield Difference(row.name, f"its deployment differs: {', '.join(wrong)}", "put back")
    if not dry_run:
        _note(row, _written(server, wanted, there) if wrong or there is None else there)


_KEPT = (
    "Prefect has schedules for it that a source can't have (several, or not by cron): they stay, "
    "until `nightshift source update NAME --schedule` replaces them"
)


def _written(
    server: Server, wanted: dict[str, Any], there: dict[str, Any] | None
) -> dict[str, Any]:
    """Make a deployment, or bring the one of its name up to date; one of another name goes."""
    flow = ask(server.client, "POST", "flows/", {"name": FLOW})
    made: dict[str, Any] = ask(
        server.client, "POST", "deployments/", {**wanted, "flow_id": flow["id"]}
    )
    if there and there["id"] != made["id"]:
        ask(server.client, "DELETE", f"deployments/{there['id']}")
    return made


def _note(row: Source, deployment: dict[str, Any]) -> None:
    """Keep what was taken over, and which deployment it is; nothing else of the row."""
    with session() as s:
        kept = s.get(Source, row.id)
        if kept is None:  # removed meanwhile
            return
        kept.prefect_deployment_id, kept.prefect_flow_id = deployment["id"], deployment["flow_id"]
        kept.schedule, kept.timezone, kept.paused_at = row.schedule, row.timezone, row.paused_at
