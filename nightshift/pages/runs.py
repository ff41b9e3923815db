"""A run: what it came to, item by item, what it cost; and the log of an item in it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session

from deployments import run_logs
from deployments.run_logs import RunLog
from nightshift.pages.prepared import Prepared
from nightshift.pages.rendering import page
from nightshift.pages.viewer import Reading
from utils.config import Settings
from utils.db import items, run_history, runs
from utils.db.schema import Item
from utils.db.session import session
from utils.documents import morning
from utils.errors import UsageError
from utils.models.shift import Outcome, RunStatus, ShiftReport
from utils.models.steps import lane_of
from utils.observability.reports import costs
from utils.privacy.redaction import shown_within
from utils.processes.prefect_environment import is_served
from utils.storage.files import is_there

router = APIRouter()

_MOST = 100  # rows of a page
_FIRST = (Outcome.QUARANTINED, Outcome.FAILED, Outcome.WAITS_FOR_YOU)  # what people look for
RunId = Annotated[str, InPath(pattern="^[0-9A-Za-z_-]{4,64}$")]
ItemId = Annotated[str, InPath(pattern="^[0-9a-f]{4,64}$")]
_ITEM = Query(pattern="^[0-9a-f]{4,64}$")
_logs: Prepared[RunLog | None] = Prepared(15)


@router.get("/shift/runs/{run_id}")
def show_run(
    request: Request,
    viewer: Reading,
    run_id: RunId,
    outcome: Outcome | None = None,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> Response:
    """What a run came to."""
    with session() as s:
        found = runs.find(s, run_id)
        report = runs.load(s, found.id)
        rows = run_history.outcomes(s, found.id, outcome, _MOST + 1, after)
        context: dict[str, Any] = {
            "run": report,
            "flow": found.flow,
            "ended_at": found.ended_at,
            "outcome": outcome,
            "first": _FIRST,
            "rows": [shown_within(dict(row._mapping)) for row in rows[:_MOST]],
            "behind": rows[_MOST - 1].id if len(rows) > _MOST else None,
            "totals": morning.totals(s, found.id),
            "costs": costs.of_run(s, report) if report.status is not RunStatus.RUNNING else None,
            "is_served": is_served(request.app.state.settings),
            "has_report": report.report is not None and is_there(report.report),
        }
        return page(request, "run.html.j2", viewer, **context)


@router.get("/shift/runs/{run_id}/report")
def download_report(request: Request, _viewer: Reading, run_id: RunId) -> Response:
    """The report of a run as one file, to be kept or mailed."""
    with session() as s:
        report = _report(s, run_id)
    home = request.app.state.settings.home / "reports"
    if report.report is None or not is_there(report.report) or report.report.parent != home:
        raise UsageError("The report of this run is not there any more.")
    return FileResponse(
        report.report, media_type="text/html", filename=f"nightshift-{report.run_id}.html"
    )


@router.get("/shift/runs/{run_id}/items/{item_id}")
def show_log(request: Request, viewer: Reading, run_id: RunId, item_id: ItemId) -> Response:
    """What a run did with an item, step by step."""
    with session() as s:
        found = runs.find(s, run_id)
        item = _item(s, item_id)
        steps = [_told(row) for row in run_history.steps_of_item(s, found.id, item_id)]
        said = runs.outcomes_of_item(s, found.id, item_id)
        context: dict[str, Any] = {
            "run": found,
            "item": item,
            "item_id": item_id,
            "steps": steps,
            "outcomes": [shown_within(one.model_dump(mode="json")) for one in said],
            "is_served": is_served(request.app.state.settings),
        }
        return page(request, "run_item.html.j2", viewer, **context)


@router.get("/shift/runs/{run_id}/log")
def show_prefect_log(
    request: Request, viewer: Reading, run_id: RunId, item: Annotated[str, _ITEM] | None = None
) -> Response:
    """What Prefect's server says of a run or of an item in it; a part that asks again till then."""
    settings: Settings = request.app.state.settings
    with session() as s:
        found = runs.find(s, run_id)
        run, began_at = found.id, found.started_at
    key = (settings.home, run, item)

    def ask() -> RunLog | None:
        if item is None:
            return run_logs.of_run(settings, run, began_at)
        return run_logs.of_item(settings, run, item)

    log = _logs.get(key, ask)
    return page(
        request, "run_log_part.html.j2", viewer, log=log, item=item, is_tried=_logs.is_made(key)
    )


def _report(s: Session, run_id: str) -> ShiftReport:
    return runs.load(s, runs.find(s, run_id).id)


def _item(s: Session, item_id: str) -> Item | None:
    """The item; None of an address that was not fetched, or of what was forgotten."""
    try:
        return items.find(s, item_id)
    except UsageError:
        return None


def _told(row: Any) -> dict[str, Any]:
    return {
        "step": row.step,
        "lane": lane_of(row.step),
        "status": row.status,
        "started_at": row.started_at,
        "seconds": row.duration_seconds,
        "bytes_written": row.bytes_written,
        "cause": shown_within(row.cause) if row.cause else None,
        "error_class": row.error_class,
        "error": shown_within(row.error) if row.error else None,
    }
