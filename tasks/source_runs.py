"""Runs of one source on a Prefect server, begun by whoever asks for them."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from utils.db import sources
from utils.db.session import session
from utils.errors import UsageError
from utils.models.source import Trigger

_ON_DEMAND = "run-ingestion/on-demand"


def begin(source_id: str, trigger: Trigger) -> str:
    """Have a worker look into a source; returns the id of the flow run, which waits for one.

    Raises:
        UsageError: there is no such source, or the server does not know the flow yet.
    """
    with session() as s:
        row = sources.find(s, source_id)
        deployment, known_as = row.prefect_deployment_id, row.id
    given = {"source_id": known_as, "trigger": trigger.value}
    try:
        own = UUID(deployment) if deployment else _ON_DEMAND
        begun = cast(FlowRun, run_deployment(own, parameters=given, timeout=0))
    except ObjectNotFound as error:
        raise UsageError(
            "The Prefect server does not know how to look into a source. Run `nightshift deploy`."
        ) from error
    return str(begun.id)
