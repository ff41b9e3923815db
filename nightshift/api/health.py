"""Is it there, can it work, how does it go: for whoever watches over servers."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from deployments import nightly
from nightshift.api.access import Reader
from nightshift.api.problems import RETRY_SECONDS, problem
from utils.db.session import require_answer
from utils.models.base import Frozen
from utils.processes.prefect_environment import prefect_api

router = APIRouter(tags=["health"])


class Health(Frozen):
    """How the server is."""

    status: Literal["ok"]


class Ready(Frozen):
    """What it works with."""

    status: Literal["ready"]
    database: Literal["ok"]
    prefect: Literal["ok", "none"] = Field(description="`none`: no Prefect server is set.")


@router.get("/health")
def show_health() -> Health:
    """Say that the process answers."""
    return Health(status="ok")


@router.get("/ready")
def show_readiness(request: Request) -> Ready:
    """Say that its database answers, and its Prefect server if one is set; 503 if not."""
    require_answer()
    api = prefect_api(request.app.state.settings)
    if api is not None and not nightly.answers(api):
        raise problem(
            503,
            "Not ready",
            "The Prefect server does not answer: no shift can be begun. Start it again.",
            Retry_After=str(RETRY_SECONDS),
        )
    return Ready(status="ready", database="ok", prefect="ok" if api else "none")


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def show_metrics(request: Request, _caller: Reader) -> Response:
    """Show what Prometheus is told: as `nightshift metrics` does, but for whoever has a token."""
    from prometheus_client import generate_latest

    found = generate_latest(_registry(request))
    return Response(found, media_type="text/plain; version=0.0.4; charset=utf-8")


def _registry(request: Request) -> Any:
    """Everything that is measured; made once, because the sums of the ledger are kept."""
    from deployments.presence import Presence
    from utils.observability.metrics import Exporter, registry

    state = request.app.state
    if (made := getattr(state, "metrics", None)) is None:
        api = prefect_api(state.settings)
        online = [Presence(api, state.settings.work_pool)] if api else []
        made = state.metrics = registry(Exporter(state.settings), *online)
    return made
