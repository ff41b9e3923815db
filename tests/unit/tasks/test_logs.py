"""What Prefect's logs say of an error."""

import logging

import pytest

from tasks.logs import shorten_known_errors
from utils.errors import PermanentError, raised_in


def logged(error: Exception, caplog: pytest.LogCaptureFixture, name: str) -> str:
    shorten_known_errors()
    logger = logging.getLogger(name)
    logger.addHandler(caplog.handler)
    try:
        raise error
    except Exception as raised:
        logger.exception("Encountered exception during execution: %r", raised)
    finally:
        logger.removeHandler(caplog.handler)
    return caplog.text


@pytest.mark.parametrize("name", ["prefect.flow_runs", "prefect.task_runs", "prefect.engine"])
def test_an_error_of_ours_is_one_line_with_its_step_cause_and_remedy(
    caplog: pytest.LogCaptureFixture, name: str
) -> None:
    error = PermanentError("film.mp4 is empty. Replace it.")
    raised_in(error, "extract_ffprobe")
    told = logged(error, caplog, name)
    assert told.strip().endswith("extract_ffprobe failed: film.mp4 is empty. Replace it.")
    assert "Traceback" not in told


def test_a_bug_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    told = logged(KeyError("a bug"), caplog, "prefect.task_runs")
    assert "Traceback" in told
    assert "Encountered exception" in told
