"""The morning report as markdown, for Prefect's artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from utils.config import load_settings
from utils.models.shift import ShiftReport
from utils.report.rows import Row, cost, sections

# An artifact is kept in Prefect's database: pictures of a large shift stay out of it.
_MAX_PICTURES = 20


def render(s: Session, report: ShiftReport) -> str:
    """The report of a run."""
    found = sections(s, report)
    started = report.started_at.astimezone(ZoneInfo(load_settings().timezone))
    counts = report.counts
    lines = [
        f"# Night Shift: {report.status.value.replace('_', ' ')}",
        f"{started:%Y-%m-%d %H:%M %Z} · {report.duration_seconds:.0f} s · "
        f"**{counts.done} done**, {counts.skipped} skipped, {counts.failed} failed",
    ]
    if paid := cost(s, report.run_id):
        lines.append(f"Gemini: {paid}")
    if found.failed:
        rows = [(row.title, row.outcome.error or "", row.what_to_do) for row in found.failed]
        lines += ["## Failed", _table(("item", "why", "what to do"), rows)]
    if found.waiting:
        lines += ["## Waits for you", _results(found.waiting)]
    if found.done:
        lines += ["## Done", _results(found.done)]
    pictures = [row for row in (*found.waiting, *found.done) if row.thumbnail][:_MAX_PICTURES]
    lines += [f"![{_cell(row.title)}]({row.thumbnail})" for row in pictures]
    return "\n\n".join(lines)


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
