"""The morning report as one HTML file that can be mailed: no script, no outside address."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, Template
from sqlalchemy.orm import Session

from utils.models.sanitize import visible
from utils.models.shift import Outcome, ShiftReport, left_out_in_words
from utils.observability.reports import costs, flaws, music, reviews
from utils.observability.reports.rows import cost, duration, left_over, sections
from utils.storage.files import whole_file


def write(s: Session, report: ShiftReport, path: Path, timezone: str) -> None:
    """Render ``report`` into ``path``: quick and mailable, however many items there were.

    Times are those of ``timezone``, such as Europe/Berlin.
    """
    page = _template().render(
        report=report,
        outcomes=tuple(Outcome),
        sections=sections(s, report),
        started=report.started_at.astimezone(ZoneInfo(timezone)),
        duration=duration(report.duration_seconds),
        cost=cost(s, report.run_id),
        costs=costs.of_run(s, report),
        music=music.of_run(s, report),
        music_head=music.HEAD,
        reviews=reviews.of_library(s),
        review_head=reviews.HEAD,
        flaws=flaws.of_library(s),
        flaw_head=flaws.HEAD,
        left_over=left_over(report),
        left_out=left_out_in_words(report.left_out),
        step_head=costs.STEP_HEAD,
        lane_head=costs.LANE_HEAD,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _shown(value: object) -> object:
    """What the page says of a value: text from strangers on its line, with all that is in it."""
    return visible(value) if type(value) is str else value  # Markup is ours


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("utils.observability.reports", "."),
        autoescape=True,  # titles and transcripts come from strangers
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
