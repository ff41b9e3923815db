"""Jobs on demand: their place in a lane, their tries, and what is told of them."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRunPolicy
from prefect.exceptions import PrefectException

from tasks.lanes import lane
from tasks.logs import shorten_known_errors
from utils.config import Settings
from utils.db import jobs
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, RetryableError
from utils.frames import jobs as work
from utils.models.job import MAX_TRIES, Job, JobStatus
from utils.privacy.redaction import redacted

RETRIES = MAX_TRIES - 1
RETRY_SECONDS = 15  # chosen: a lock that was waited for, a disk that comes back
shorten_known_errors()


def done(job: Job, flow_run_id: str, settings: Settings) -> int:
    """Do a job within the lane of what decodes; returns how many frames there are.

    Its flow is tried three times (also after its process was killed: deployments/register.py);
    what would fail again is not.

    Raises:
        NightShiftError: it can't be done.
    """
    with session() as s:
        attempt = jobs.begin(s, flow_run_id, job)

    def told(progress: float) -> None:
        with suppress(RetryableError), session() as s:
            jobs.beat(s, flow_run_id, progress)

    try:
        if attempt > MAX_TRIES:
            raise PermanentError(f"Its process was killed {MAX_TRIES} times. Queue it again.")
        with lane("decode"):
            outcome = work.do(job, flow_run_id, attempt, settings, told)
    except Exception as error:
        _note_failure(flow_run_id, attempt, error)
        raise
    with session() as s:
        jobs.end(s, flow_run_id, JobStatus.COMPLETED)
    return outcome.frames


def _note_failure(flow_run_id: str, attempt: int, error: Exception) -> None:
    """Note why a try failed; the job is over if there is none left, or another would not help."""
    said = redacted(str(error) if isinstance(error, NightShiftError) else repr(error))
    is_final = isinstance(error, PermanentError)
    with suppress(RetryableError), session() as s:
        if is_final or attempt >= MAX_TRIES:
            jobs.end(s, flow_run_id, JobStatus.FAILED, said)
        else:
            jobs.note_error(s, flow_run_id, said)
    if is_final and attempt < MAX_TRIES:
        _leave_no_try(flow_run_id)


def _leave_no_try(flow_run_id: str) -> None:
    """Have Prefect not try a flow run again; if it does not hear of it, it does so in vain."""
    with suppress(PrefectException, httpx.HTTPError), get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run_id), empirical_policy=FlowRunPolicy(retries=0))
