"""What several subflows came to, and how a run of them is told."""

import pickle
from datetime import UTC, datetime

import pytest

from utils.errors import RetryableError
from utils.models.music import Outcome, SubflowResult
from utils.models.music_report import MusicError, MusicReport, failed, in_words, together

GOOD, IDLE, PARTLY, BAD = (
    SubflowResult(name=status.value, status=status)
    for status in (Outcome.SUCCESS, Outcome.NO_UPDATES, Outcome.PARTIAL, Outcome.FAILED)
)


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([GOOD, GOOD], Outcome.SUCCESS),
        ([GOOD, IDLE], Outcome.SUCCESS),
        ([IDLE, IDLE], Outcome.NO_UPDATES),
        ([IDLE, BAD], Outcome.PARTIAL),
        ([GOOD, PARTLY], Outcome.PARTIAL),
        ([PARTLY], Outcome.PARTIAL),
        ([BAD, BAD], Outcome.FAILED),
        ([], Outcome.FAILED),
    ],
)
def test_several_have_failed_if_all_did(results: list[SubflowResult], status: Outcome) -> None:
    assert together(results) is status


def report(*results: SubflowResult) -> MusicReport:
    return MusicReport(run_id="r", flow="daily-etl", status="failed", seconds=1.5,
                       started_at=datetime(2026, 7, 1, tzinfo=UTC), results=results)  # fmt: skip


def test_a_failure_is_told_with_its_reason_and_without_what_others_write() -> None:
    whole = report(GOOD, failed("spotify-enrichment", RetryableError("Log in again.")))
    assert str(MusicError(whole)) == (
        "success success, spotify-enrichment failed (1 errors); Log in again."
    )
    strange = failed("spotify-enrichment", ValueError("https://me:secret@host"))
    assert "secret" not in strange.errors[0].message
    assert strange.errors[0].error_class == "ValueError"
    assert pickle.loads(pickle.dumps(MusicError(whole))).report == whole


def test_a_result_in_words_names_its_first_counts() -> None:
    counts = {"rows": 1200.0, "new": 0.0, "requests": 30.0, "errors": 2.0, "odd": 9.0}
    one = SubflowResult(name="x", status=Outcome.PARTIAL, metrics=counts)
    assert in_words(one) == "1,200 rows, 30 requests, 2 errors"
    assert in_words(IDLE) == ""
