"""Whoever tells of a run counts alike, in the same words."""

import json
import re
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.unit.observability.test_metrics import scraped
from tests.unit.observability.test_reports import began, outcomes
from utils.config import Settings, load_settings
from utils.db import runs
from utils.db.session import session
from utils.models.shift import (
    Counts,
    ItemOutcome,
    Outcome,
    RunStatus,
    count,
    outcome_of,
    status_of,
)
from utils.models.verdict import Band
from utils.observability import notices
from utils.observability.metrics import Exporter, registry
from utils.observability.reports import markdown
from utils.scheduling import run_session

WRONG = {"reason": "PermanentError", "error": "moov atom not found"}
ROWS: dict[str, dict[str, Any]] = {
    "done": {"verdict": "approve", "score": 1.0},
    "done_with_lacks": {"verdict": "approve", "score": 1.0},
    "waits_for_you": {"verdict": "reject", "score": 0.2, "reason": "loudness: too quiet"},
    "failed": {"reason": "RetryableError", "error": "it took too long"},
    "quarantined": WRONG,
    "deferred": {"reason": "DeferredError", "error": "too dear"},
    "skipped": {"reason": "already done"},
}


@pytest.fixture
def counts(settings: Settings) -> dict[str, int]:
    """A run with another number of rows for each outcome."""
    began()
    wanted = {outcome: number for number, outcome in enumerate(ROWS, start=1)}
    rows = [(f"{o} {n}.mp4", o, ROWS[o]) for o, number in wanted.items() for n in range(number)]
    outcomes(*rows)
    run_session.close("r1", load_settings())
    return wanted


def test_command_line_page_artifact_json_metrics_and_notice_count_alike(
    counts: dict[str, int],
) -> None:
    words = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in counts.items())
    told = CliRunner().invoke(app, ["report"]).stdout
    assert f"partial: {words}" in " ".join(told.split())
    document = json.loads(CliRunner().invoke(app, ["report", "--json"]).stdout)
    assert document["counts"] == counts
    with session() as s:
        report = runs.load(s, "r1")
        assert f"**{words}**" in markdown.render(s, report, "UTC")
    assert notices.notice(report).text.startswith(words)
    assert report.report is not None
    page = dict(re.findall(r"<b[^>]*>([\d,]+)</b>([a-z ]+)</div>", report.report.read_text()))
    assert page == {str(number): o.replace("_", " ") for o, number in counts.items()}
    metrics = scraped(registry(Exporter(load_settings())))
    by_outcome = {o: metrics["last_run_items", *sorted(("night-shift", o))] for o in counts}
    assert by_outcome == counts


def test_a_rejected_item_says_why_in_the_runs_table(counts: dict[str, int]) -> None:
    told = CliRunner().invoke(app, ["report"], env={"COLUMNS": "200"}).stdout
    (line, *_) = [line for line in told.splitlines() if "waits for you" in line]
    assert "reject" in line
    assert "loudness: too quiet" in line


@pytest.mark.parametrize("head", ["failures", "show", "search"])
def test_each_command_that_a_hint_names_is_there(counts: dict[str, int], head: str) -> None:
    told = CliRunner().invoke(app, ["report"]).stdout
    assert f"nightshift {head}" in told
    assert CliRunner().invoke(app, [head, "--help"]).exit_code == 0


@pytest.mark.parametrize(
    ("verdict", "is_deferred", "lacks", "outcome"),
    [
        (None, False, (), Outcome.DONE),
        (Band.ACCEPT, False, (), Outcome.DONE),
        (Band.APPROVE, False, ("no pictures",), Outcome.DONE_WITH_LACKS),
        (Band.REVISE, False, ("no pictures",), Outcome.WAITS_FOR_YOU),
        (Band.REJECT, False, (), Outcome.WAITS_FOR_YOU),
        (Band.REJECT, True, ("no pictures",), Outcome.DEFERRED),
    ],
)
def test_what_came_of_an_item_is_one_word(
    verdict: Band | None, is_deferred: bool, lacks: tuple[str, ...], outcome: Outcome
) -> None:
    assert outcome_of(verdict, is_deferred, lacks) is outcome


def row(outcome: Outcome, error: str | None = None) -> ItemOutcome:
    return ItemOutcome(item_id=None, path="/x", outcome=outcome, error=error)


@pytest.mark.parametrize(
    ("rows", "left_over", "status"),
    [
        ([], 0, RunStatus.NOTHING_TO_DO),
        ([row(Outcome.SKIPPED)], 0, RunStatus.NOTHING_TO_DO),
        ([row(Outcome.WAITS_FOR_YOU, "empty")], 0, RunStatus.NOTHING_TO_DO),
        ([row(Outcome.WAITS_FOR_YOU)], 0, RunStatus.SUCCESS),  # rejected: it was worked on
        ([row(Outcome.DONE_WITH_LACKS)], 0, RunStatus.SUCCESS),
        ([row(Outcome.DEFERRED, "too dear")], 0, RunStatus.SUCCESS),
        ([row(Outcome.DONE)], 2, RunStatus.PARTIAL),
        ([row(Outcome.DONE), row(Outcome.FAILED, "x")], 0, RunStatus.PARTIAL),
        ([row(Outcome.QUARANTINED, "x")], 3, RunStatus.FAILED),
    ],
)
def test_a_run_is_what_its_rows_are(
    rows: list[ItemOutcome], left_over: int, status: RunStatus
) -> None:
    assert status_of(rows, left_over) is status


def test_counts_in_words_leave_out_what_there_is_not() -> None:
    assert Counts().words == "0 done"
    assert count([row(Outcome.FAILED), row(Outcome.SKIPPED)]).words == "0 done, 1 failed, 1 skipped"
    assert Counts(failed=1, quarantined=2).failures == 3
