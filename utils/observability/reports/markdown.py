"""The morning report as markdown, for Prefect's artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from utils.models.sanitize import visible
from utils.models.shift import ShiftReport, left_out_in_words
from utils.observability.reports import costs, flaws, music, reviews
from utils.observability.reports.rows import Cause, Part, Row, cost, left_over, sections

# An artifact is kept in Prefect's database: what is long of a large shift stays out of it.
_MAX_PICTURES = 20
_MAX_ROWS = 50
_CAUSE_HEAD = ("item", "why", "what to do")


def render(s: Session, report: ShiftReport, timezone: str) -> str:
    """The report of a run."""
    found = sections(s, report, _MAX_ROWS)
    started = report.started_at.astimezone(ZoneInfo(timezone))
    lines = [
        f"# Night Shift: {report.status.value.replace('_', ' ')}",
        f"{started:%Y-%m-%d %H:%M %Z} · {report.duration_seconds:.0f} s · **{report.words}**",
    ]
    if paid := cost(s, report.run_id):
        lines.append(f"Gemini: {paid}")
    if report.left_over or report.reason:
        lines.append(cell(left_over(report)))
    if report.left_out:
        lines.append(cell(left_out_in_words(report.left_out)))
    for head, causes in (("Quarantined", found.quarantined), ("Failed", found.failed)):
        if causes:
            lines += [f"## {head}", table(_CAUSE_HEAD, [_cause(cause) for cause in causes])]
    if found.waits_for_you.rows:
        rows = found.waits_for_you.rows
        lines += ["## Waits for you", _waiting(rows), *_more(found.waits_for_you)]
    lines += _reviews(reviews.of_library(s))
    lines += _flaws(flaws.of_library(s))
    lines += _music(music.of_run(s, report))
    lines += _costs(costs.of_run(s, report))
    good = (
        ("Deferred", found.deferred),
        ("Done with lacks", found.done_with_lacks),
        ("Done", found.done),
    )
    for head, part in good:
        if part.rows:
            lines += [f"## {head}", _results(part.rows), *_more(part)]
    shown = (found.waits_for_you, *(part for _, part in good))
    pictures = [row for part in shown for row in part.rows if row.thumbnail]
    pictures = pictures[:_MAX_PICTURES]
    lines += [f"![{cell(row.title)}]({row.thumbnail})" for row in pictures]
    return "\n\n".join(lines)


def _more(part: Part) -> list[str]:
    return [f"… and {part.more} more: `nightshift report --json`"] if part.more else []


def _cause(cause: Cause) -> tuple[str, ...]:
    """What failed for one reason, each with its id and whole path, why, and what to do."""
    more = f" and {cause.part.more} more" if cause.part.more else ""
    items = ", ".join(_known_as(row) for row in cause.part.rows) + more
    return items, cause.error, cause.what_to_do


def _known_as(row: Row) -> str:
    outcome = row.outcome
    return f"{outcome.item_id[:10]} {outcome.path}" if outcome.item_id else outcome.path


def _waiting(rows: Sequence[Row]) -> str:
    return table(
        _CAUSE_HEAD,
        [
            (_known_as(row), row.outcome.error or row.outcome.reason or "", row.what_to_do)
            for row in rows
        ],
    )


def _flaws(found: flaws.Flaws | None) -> list[str]:
    if found is None:
        return []
    return [
        "## Published, but not as it should be",
        cell(found.sentence),
        table(flaws.HEAD, found.lines),
    ]


def _reviews(found: reviews.Waiting | None) -> list[str]:
    if found is None:
        return []
    return ["## Waits for your review", cell(found.sentence), table(reviews.HEAD, found.lines)]


def _music(found: music.Music | None) -> list[str]:
    if found is None:
        return []
    parts = [table(music.HEAD, found.parts)] if found.parts else []
    return ["## Music", *(cell(sentence) for sentence in found.sentences), *parts]


def _costs(found: costs.Costs) -> list[str]:
    if not found.steps:
        return []
    return [
        "## Where the time went",
        table(costs.STEP_HEAD, [step.cells for step in found.steps]),
        table(costs.LANE_HEAD, [lane.cells for lane in found.lanes]),
    ]


def _results(rows: list[Row]) -> str:
    return table(
        ("item", "path", "verdict", "length", "before", "after", "language", "transcript"),
        [
            (
                f"{(row.outcome.item_id or '')[:10]} {row.title}",
                row.outcome.path,
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


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of texts from strangers."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text from strangers, kept from being markup."""
    flat = " ".join(visible(text).split())
    for mark in "\\`*_[]<>|!":
        flat = flat.replace(mark, "\\" + mark)
    return flat
