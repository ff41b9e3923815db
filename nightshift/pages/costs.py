"""What was spent: money by service, step, day and run, ceilings; time and bytes of the runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from babel.dates import format_skeleton
from fastapi import APIRouter, Request, Response

from nightshift.pages import charts, texts
from nightshift.pages.rendering import formats_of, is_part, language_of, page, zone_of
from nightshift.pages.viewer import Reading, Viewer
from utils import clock
from utils.config import Settings
from utils.db import cost_history, run_history, spending
from utils.db.cost_history import Paid
from utils.db.session import session
from utils.documents import spending as sums

router = APIRouter()

_KEPT_SECONDS = 60.0  # that what was added up over all rows is shown again
_USUAL_SECONDS = 600.0  # the same of what an item costs, which changes slowly
_MOST_RUNS = 30  # whose steps are added up: a row each of the ledger is read
_DEAREST = 10  # runs that are named
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for one begins so

T = TypeVar("T")


class Period(StrEnum):
    """How far back."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ALL = "all"

    @property
    def days(self) -> int | None:
        """The same in days; None for ever."""
        return {"month": 30, "quarter": 91, "year": 366}.get(self.value)


@router.get("/costs")
def show(request: Request, viewer: Reading, period: Period = Period.MONTH) -> Response:
    """What was paid, and how near that is to the ceilings."""
    rows = _paid(request, period)
    settings: Settings = request.app.state.settings
    return page(
        request,
        "costs.html.j2",
        viewer,
        period=period,
        periods=list(Period),
        total=sums.total("", rows),
        chart=_chart(request, viewer, rows, period),
        engines=sums.by(rows, lambda row: row.engine),
        steps=sums.by(rows, lambda row: row.step),
        runs=_runs(rows),
        coming=_coming(request),
        item_ceiling=settings.ai_item_ceiling_usd,
        shift_ceiling=settings.ai_shift_ceiling_usd,
        most_runs=_MOST_RUNS,
    )


@router.get("/costs/time")
def show_time(request: Request, viewer: Reading, period: Period = Period.MONTH) -> Response:
    """How long the steps of the latest runs took by class of work, and what encoding saved."""

    def read() -> tuple[int, list[sums.Lane], cost_history.Saved]:
        with session() as s:
            ids = cost_history.latest_runs(s, _since(period), _MOST_RUNS)
            return (
                len(ids), sums.lanes(cost_history.worked(s, ids)), cost_history.saved(s, ids)
            )  # fmt: skip

    runs, lanes, saved = _kept(request, f"time {period}", read)
    template = "costs_time.html.j2" if is_part(request) else "costs_time_page.html.j2"
    whole = sum(lane.seconds for lane in lanes) or 1.0
    return page(
        request, template, viewer, period=period, runs=runs, lanes=lanes, saved=saved, whole=whole
    )


@router.get("/costs.csv")
def download(request: Request, _viewer: Reading, period: Period = Period.ALL) -> Response:
    """Each step of each run with what it paid."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(sums.COLUMNS)
    writer.writerows(_plain(sums.record(row)) for row in _paid(request, period))
    name = f"nightshift-costs-{clock.now():%Y-%m-%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(cells: tuple[Any, ...]) -> list[Any]:
    """Cells that no spreadsheet takes for a formula."""
    return [f"'{one}" if str(one).startswith(_FORMULA) else one for one in cells]


def _paid(request: Request, period: Period) -> list[Paid]:
    def read() -> list[Paid]:
        with session() as s:
            return cost_history.paid(s, _since(period))

    return _kept(request, f"paid {period}", read)


def _coming(request: Request) -> dict[str, Any]:
    """What the next night may come to."""
    settings: Settings = request.app.state.settings

    def read() -> dict[str, Any]:
        with session() as s:
            waiting, usual = cost_history.waiting(s), spending.usual_of_item(s)
        ceiling = settings.ai_shift_ceiling_usd
        expected = sums.expected_usd(waiting, usual, settings.shift_limit, ceiling)
        return {"items": min(waiting, settings.shift_limit), "usual": usual, "usd": expected}

    return _kept(request, "coming", read, _USUAL_SECONDS)


def _runs(rows: list[Paid]) -> list[tuple[run_history.RunSummary, sums.Sum, float]]:
    """The latest runs that paid anything: what each came to, and its dearest item, in USD."""
    latest = list(dict.fromkeys(row.run_id for row in reversed(rows)))[:_DEAREST]
    paid = {one.name: one for one in sums.by(
        (row for row in rows if row.run_id in latest), lambda row: row.run_id)}  # fmt: skip
    with session() as s:
        return [
            (run, paid[run.run_id], cost_history.dearest(s, run.run_id) / 1e6)
            for run in run_history.of(s, latest)
        ]


def _chart(request: Request, viewer: Viewer, rows: list[Paid], period: Period) -> charts.Columns:
    language, zone = language_of(request, viewer), zone_of(request, viewer)
    fmt, _ = formats_of(request, viewer), texts.catalogue(language).gettext
    today = clock.now().astimezone(zone).date()
    by_month = period in {Period.YEAR, Period.ALL}
    begin = today - timedelta(days=period.days - 1) if period.days else None
    spans, series = sums.over_time(rows, zone, begin, today, by_month)

    def name(day: date) -> str:
        return format_skeleton("yMMM" if by_month else "MMMd", day, locale=language)

    label = _("Spent by month") if by_month else _("Spent by day")
    head = _("Month") if by_month else _("Day")
    return charts.columns(label, [name(day) for day in spans], series, fmt.money, head)


def _since(period: Period) -> datetime | None:
    return clock.now() - timedelta(days=period.days) if period.days else None


def _kept(request: Request, name: str, read: Callable[[], T], seconds: float = _KEPT_SECONDS) -> T:
    """What ``read`` gives, or gave a short while ago: it adds up all rows that there are."""
    if not hasattr(request.app.state, "costs"):
        request.app.state.costs = {}
    known: dict[str, tuple[float, Any]] = request.app.state.costs
    at, value = known.get(name, (float("-inf"), None))
    if clock.monotonic() - at > seconds:
        value = read()
        known[name] = (clock.monotonic(), value)
    found: T = value
    return found
