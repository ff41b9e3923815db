"""The morning report as markdown, for Prefect's artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from utils.models.shift import ShiftReport
from utils.observability.reports import costs
from utils.observability.reports.rows import Part, Row, cost, left_over, sections
from utils.redaction import redacted

# An artifact is kept in Prefect's database: what is long of a large shift stays out of it.
_MAX_PICTURES = 20
_MAX_ROWS = 50


def render(s: Session, report: ShiftReport, timezone: str) -> str:
    """The report of a run."""
    found = sections(s, report, _MAX_ROWS)
    started = report.started_at.astimezone(ZoneInfo(timezone))
    counts = report.counts
    lines = [
        f"# Night Shift: {report.status.value.replace('_', ' ')}",
        f"{started:%Y-%m-%d %H:%M %Z} · {report.duration_seconds:.0f} s · "
        f"**{counts.done} done**, {counts.skipped} skipped, {counts.failed} failed",
    ]
    if paid := cost(s, report.run_id):
        lines.append(f"Gemini: {paid}")
    if report.left_over or report.reason:
        lines.append(_cell(left_over(report)))
    if found.failed:
        rows = [(_titles(cause.part), cause.error, cause.what_to_do) for cause in found.failed]
        lines += ["## Failed", _table(("item", "why", "what to do"), rows)]
    if found.waiting.rows:
        lines += ["## Waits for you", _results(found.waiting.rows), *_more(found.waiting)]
    lines += _costs(costs.of_run(s, report))
    if found.done.rows:
        lines += ["## Done", _results(found.done.rows), *_more(found.done)]
    pictures = [row for row in (*found.waiting.rows, *found.done.rows) if row.thumbnail]
    pictures = pictures[:_MAX_PICTURES]
    lines += [f"![{_cell(row.title)}]({row.thumbnail})" for row in pictures]
    return redacted("\n\n".join(lines))


def _more(part: Part) -> list[str]:
    return [f"… and {part.more} more: `nightshift report --json`"] if part.more else []


def _titles(part: Part) -> str:
    more = f" and {part.more} more" if part.more else ""
    return ", ".join(row.title for row in part.rows) + more


def _costs(found: costs.Costs) -> list[str]:
    if not found.steps:
        return []
    return [
        "## Where the time went",
        _table(costs.STEP_HEAD, [step.cells for step in found.steps]),
        _table(costs.LANE_HEAD, [lane.cells for lane in found.lanes]),
    ]


def _results(rows: list[Row]) -> str:
    return _table(
        ("item", "verdict", "length", "before", "after", "language", "transcript"),
        [
            (
                row.title,
                f"{row.outcome.verdict or ''} {row.outcome.score or 0:.2f}",
                row.duration,
                row.size_before,
                row.size_after,
                row.language,
                row.transcript[:120],
            )
            for row in rows
        ],
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text from strangers, kept from being markup."""
    flat = " ".join(text.split())
    for mark in "\\`*_[]<>|!":
        flat = flat.replace(mark, "\\" + mark)
    return flat
