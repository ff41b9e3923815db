"""`nightshift runs`: what ran, when, for how long, what it came to and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from nightshift.cli.listing import (
    Columns,
    Csv,
    Offset,
    chosen_columns,
    print_more,
    print_records,
)
from nightshift.cli.output import COLORS, Json, console, print_json, print_table

if TYPE_CHECKING:
    from utils.db.run_history import RunSummary

_URGENT = ("red", "yellow", "cyan", "green", "dim", "")


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(runs)


def runs(
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = 20,
    offset: Offset = 0,
    columns: Columns = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """List the runs, the latest first; `report` shows one whole."""
    from utils.db import run_history
    from utils.db.session import session
    from utils.documents.run import summary

    names = chosen_columns(columns, _fields())
    with session() as s:
        found, total = run_history.latest(s, limit, offset), run_history.count(s)
    records = [summary(one) for one in found]
    if as_json:
        print_json(records)
    elif as_csv or columns:
        print_records([_flat(record) for record in records], names, as_csv)
    elif total:
        print_table(
            ("run", "began", "flow", "status", "outcomes", "duration", "cost"),
            [_row(one, record) for one, record in zip(found, records, strict=True)],
        )
    else:
        console.print("Nothing has run yet: nightshift run FOLDER")
    print_more(offset, len(found), total)


def _fields() -> list[str]:
    """The columns that there are: those of --json, and one for each outcome."""
    from utils.db.run_history import RunSummary
    from utils.models.shift import Outcome

    plain = [name for name in RunSummary._fields if name != "counts"]
    return [*plain, *(outcome.value for outcome in Outcome)]


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    counts: dict[str, int] = record["counts"]
    return {name: value for name, value in record.items() if name != "counts"} | counts


def _row(run: RunSummary, record: dict[str, Any]) -> tuple[str, ...]:
    from utils.config import load_settings
    from utils.observability.reports.rows import time_spent

    began = run.started_at.astimezone(ZoneInfo(load_settings().timezone))
    told = {outcome.replace("_", " "): number for outcome, number in record["counts"].items()}
    there = [(words, number) for words, number in told.items() if number]
    there.sort(key=lambda pair: _URGENT.index(COLORS.get(pair[0], "")))  # the rest may be cut
    counts = [f"{number} {words}" for words, number in there]
    if run.left_over:
        counts.append(f"{run.left_over} left over")
    return (
        run.run_id[:12],
        f"{began:%Y-%m-%d %H:%M}",
        run.flow,
        run.status,
        ", ".join(counts) or "none",
        time_spent(run.duration_seconds),
        f"{run.cost_usd:.2f} USD" if run.cost_usd else "",
    )
