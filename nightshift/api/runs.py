"""Runs over HTTP: what ran, and the report of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from pydantic import ConfigDict, Field

from nightshift.api.access import Reader
from nightshift.api.listing import Cursor, Limit, Page, page
from utils.db import pages, run_history, runs
from utils.db.session import session
from utils.documents import run
from utils.models.base import Frozen
from utils.models.pages import place
from utils.models.shift import RunStatus
from utils.privacy.redaction import shown_within

router = APIRouter(tags=["runs"])

_SORT = "-started"
RunId = Annotated[
    str, InPath(pattern="^[0-9A-Za-z-]{4,64}$", description="The run's id, or its beginning.")
]


class RunQuery(Frozen):
    """Which page of the runs."""

    limit: Limit = 20
    cursor: Cursor = None


class ListedRun(Frozen):
    """A run as lists have it."""

    run_id: str
    flow: str
    status: RunStatus
    started_at: datetime
    duration_seconds: float
    counts: dict[str, int] = Field(description="Items by what came of them.")
    left_over: int
    cost_usd: float
    report: str | None = Field(description="Where its report lies, on the server.")


class ShownRun(Frozen):
    """A run with all that came of it; `items` has a row for each item, address or source."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    status: RunStatus
    counts: dict[str, int]
    duration_seconds: float
    items: tuple[dict[str, Any], ...]


@router.get("/runs", response_model=Page[ListedRun])
def list_runs(request: Request, wanted: Annotated[RunQuery, Query()], _caller: Reader) -> Response:
    """List runs, the latest first, a page at a time."""
    after = place(wanted.cursor, _SORT) if wanted.cursor else None
    with session() as s:
        ids, behind = pages.run_ids(s, wanted.limit, after)
        rows = [run.summary(one) for one in run_history.of(s, ids)]
    return page(request, rows, _SORT, behind)


@router.get("/runs/{run_id}")
def show_run(run_id: RunId, _caller: Reader) -> ShownRun:
    """Show a run and what came of each of its items."""
    with session() as s:
        found = run.report(runs.load(s, runs.find(s, run_id).id))
    return ShownRun(**shown_within(found))
