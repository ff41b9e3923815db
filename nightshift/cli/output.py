"""What commands print: one JSON document, or tables for people. Logs go to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from utils.redaction import redacted

if TYPE_CHECKING:
    from utils.models.shift import ShiftReport
    from utils.observability.reports.costs import Costs

# The option that all commands with a result share.
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]

console = Console()
errors = Console(stderr=True)

COLORS = {
    "done": "green", "approve": "green", "accept": "green", "success": "green", "ok": "green",
    "skipped": "dim", "nothing_to_do": "dim", "pending": "cyan", "processing": "cyan",
    "revise": "yellow", "deferred": "yellow", "partial": "yellow", "warning": "yellow",
    "failed": "red", "reject": "red", "quarantined": "red", "problem": "red",
    "crashed": "red", "repaired": "cyan", "running": "cyan",
}  # fmt: skip


# Columns whose cells may take several lines.
_LONG = {
    "",
    "title",
    "file",
    "why",
    "error",
    "text",
    "found",
    "how to mend it",
    "rendition",
    "found by",
}

_SKIPPED_ROWS = 100  # chosen


def print_json(document: Any) -> None:
    """Print one JSON document."""
    print(redacted(json.dumps(document, ensure_ascii=False, default=str)))


def print_error(message: str) -> None:
    """Print what went wrong: a line on stderr, and with ``--json`` a document on stdout."""
    if "--json" in sys.argv:
        print_json({"error": message})
    print(f"nightshift: {redacted(message)}", file=sys.stderr, flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; what the cells hold is text, never markup."""
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in _LONG)
    for row in rows:
        table.add_row(*(Text(visible(cell), style=COLORS.get(cell, "")) for cell in row))
    console.print(table)


def visible(text: str) -> str:
    """Text from strangers on one line, without secrets in addresses, and without control characters
    that a terminal would obey.
    """
    shown = redacted(text)
    return "".join(c if c.isprintable() else "␤" if c == "\n" else "�" for c in shown)


def print_report(report: ShiftReport) -> None:
    """Print what a run came to: a row an item, then the counts and what to do next.

    Of what was skipped so many rows: 10,000 took rich 8 s (and nobody read them).
    """
    skipped = [item for item in report.items if item.outcome.value == "skipped"]
    left_out = {id(item) for item in skipped[_SKIPPED_ROWS:]}
    print_table(
        ("item", "file", "kind", "outcome", "verdict", "why"),
        (
            (
                (item.item_id or "–")[:10],
                Path(item.path).name if "://" not in item.path else item.path,
                item.kind or "–",
                item.outcome.value,
                item.verdict.value if item.verdict and item.outcome.value == "done" else "–",
                item.error or item.reason or (f"score {item.score:.2f}" if item.score else ""),
            )
            for item in report.items
            if id(item) not in left_out
        ),
    )
    if left_out:
        console.print(f"… and {len(left_out):,} more that were skipped (--json has all)")
    counts = report.counts
    status = report.status.value
    deferred = f"{counts.deferred} deferred, " if counts.deferred else ""
    console.print(
        f"\n[{COLORS[status]}]{status.replace('_', ' ')}[/]: {counts.done} done, {deferred}"
        f"{counts.skipped} skipped, {counts.failed} failed in {report.duration_seconds:.1f} s"
    )
    if report.reason:
        left = f"{report.left_over} left over: " if report.left_over else ""
        console.print(f"{left}{visible(report.reason)}", markup=False, soft_wrap=True)
    console.print(f"Report: {report.report}", highlight=False, soft_wrap=True, markup=False)
    if counts.failed:
        console.print(
            "Why: nightshift requeue --failed --dry-run, nightshift show ITEM", style="dim"
        )
    console.print('Next: nightshift search "…", nightshift show ITEM, nightshift up', style="dim")


def print_costs(costs: Costs) -> None:
    """Print the slowest steps of a run, and what each class of work came to."""
    from utils.observability.reports.costs import LANE_HEAD, STEP_HEAD

    if not costs.steps:
        return
    console.print()
    print_table(STEP_HEAD, (step.cells for step in costs.steps))
    console.print()
    print_table(LANE_HEAD, (lane.cells for lane in costs.lanes))


def report_document(report: ShiftReport) -> dict[str, Any]:
    """A run as the JSON contract of ``run`` and ``night`` has it."""
    document = report.model_dump(mode="json", exclude={"started_at"})
    if not report.counts.deferred:  # said only where it happened
        del document["counts"]["deferred"]
    if report.reason is None:
        del document["left_over"], document["reason"]
    return document
