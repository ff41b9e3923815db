"""Jobs on demand at Prefect: queued, asked about, cancelled, without importing Prefect.

Importing it would take a caller 0.8–3 s for three requests. What is queued has a row in our
database first (utils/db/jobs.py), whose id is Prefect's key for idempotency: who is killed between
the two, or asks twice, gets the same flow run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx

from deployments import csrf
from utils import clock
from utils.config import Settings
from utils.db import jobs
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError, UsageError
from utils.models.job import Job, JobKind, JobStatus, Priority
from utils.privacy.redaction import redacted
from utils.processes.prefect_environment import PrefectApi, prefect_api

_CLIENT = "nightshift-jobs"
_TIMEOUT_SECONDS = 15.0
_PAGE = 200  # the most that Prefect's API gives at once
_MOST_TRIES = 3
_IN_HANDS = {"PENDING", "RUNNING"}
_BUSY = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}
_SILENT_SECONDS = 300.0  # chosen: a process on a busy machine took 100 to begin
_BUSY_SECONDS = (0.2, 0.5, 1.0)  # chosen: somebody waits
NO_SERVER = (
    "No Prefect server is set: `nightshift up` starts one together with its workers, or set "
    "NIGHTSHIFT_PREFECT_API_URL to one that runs."
)
_STATUS = {
    "SCHEDULED": JobStatus.QUEUED,
    "PENDING": JobStatus.QUEUED,
    "PAUSED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "CANCELLING": JobStatus.RUNNING,
    "COMPLETED": JobStatus.COMPLETED,
    "CANCELLED": JobStatus.CANCELLED,
    "FAILED": JobStatus.FAILED,
    "CRASHED": JobStatus.FAILED,
}


class Queued(NamedTuple):
    """A job that Prefect has; ``joined``: it had it before."""

    flow_run_id: str
    priority: Priority
    joined: bool = False


class RunState(NamedTuple):
    """How a flow run is, by Prefect; ``message`` says why, where it says anything.

    ``in_hands``: somebody took it and has not ended it; ``since``: when it came into its state.
    """

    status: JobStatus
    message: str | None
    in_hands: bool = False
    since: datetime | None = None


class JobServer:
    """A connection to Prefect's server that knows the deployments of jobs; for several threads.

    Each call raises ``RetryableError`` where the server does not answer, ``SettingsError`` where
    it wants a password or does not know our deployments.
    """

    def __init__(self, api: PrefectApi) -> None:
        user, _, password = (api.auth.get_secret_value() if api.auth else "").partition(":")
        self._url = api.url
        self._http = httpx.Client(
            auth=(user, password) if api.auth else None, timeout=_TIMEOUT_SECONDS
        )
        self._headers: dict[str, str] | None = None
        self._deployments: dict[str, dict[str, Any]] = {}

    def queue(self, job: Job, priority: Priority) -> Queued:
        """Have a job be done; the same job that is not over is joined.

        Raises:
            PermanentError: Prefect refuses the parameters.
        """
        deployment = self._deployment(job.kind, priority)
        for _ in range(_MOST_TRIES):
            with session() as s:
                taken = jobs.take(s, job, priority)
            if taken.flow_run_id is None:
                return Queued(self._created(job, taken, deployment), taken.priority)
            state = self.states([taken.flow_run_id]).get(taken.flow_run_id)
            if state and not state.status.is_over:
                return Queued(taken.flow_run_id, taken.priority, joined=True)
            settle({taken.flow_run_id: state})
        raise RetryableError(f"The job for {job.video_id} ended again and again. Ask again.")

    def states(self, flow_run_ids: Sequence[str]) -> dict[str, RunState]:
        """How these flow runs are; those that Prefect does not know are not among them."""
        found: dict[str, RunState] = {}
        for start in range(0, len(flow_run_ids), _PAGE):
            wanted = list(flow_run_ids[start : start + _PAGE])
            query = {"flow_runs": {"id": {"any_": wanted}}, "limit": _PAGE}
            for run in self._ask("POST", "/flow_runs/filter", query):
                state = run.get("state") or {}
                kind, since = str(state.get("type")), state.get("timestamp")
                found[str(run["id"])] = RunState(
                    _STATUS.get(kind, JobStatus.QUEUED),
                    state.get("message"),
                    kind in _IN_HANDS,
                    datetime.fromisoformat(since) if since else None,
                )
        return found

    def cancel(self, flow_run_id: str) -> None:
        """End a flow run: at once while it waits, else as soon as its worker hears of it."""
        state = self.states([flow_run_id]).get(flow_run_id)
        if state is None or state.status.is_over:
            return
        kind = "CANCELLED" if state.status is JobStatus.QUEUED else "CANCELLING"
        wanted = {"state": {"type": kind, "name": kind.capitalize()}, "force": kind == "CANCELLED"}
        self._ask("POST", f"/flow_runs/{flow_run_id}/set_state", wanted)

    def schedule_again(self, flow_run_id: str) -> None:
        """Have a flow run be taken by whoever serves, as if it were new."""
        wanted = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Its process is gone."}
        path = f"/flow_runs/{flow_run_id}/set_state"
        self._ask("POST", path, {"state": wanted, "force": True})

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def _created(self, job: Job, taken: jobs.Taken, deployment: Mapping[str, Any]) -> str:
        wanted = {"parameters": job.parameters, "idempotency_key": f"nightshift-{taken.id}"}
        if deployment.get("work_pool_name"):  # those of `serve --flows` have no queues
            wanted["work_queue_name"] = taken.priority.value
        path = f"/deployments/{deployment['id']}/create_flow_run"
        try:
            flow_run_id = str(self._ask("POST", path, wanted)["id"])
        except (PermanentError, SettingsError):
            with session() as s:
                jobs.withdraw(s, taken.id)
            self._deployments.clear()
            raise
        with session() as s:
            jobs.note_accepted(s, taken.id, flow_run_id)
        return flow_run_id

    def _deployment(self, kind: JobKind, priority: Priority) -> dict[str, Any]:
        """The deployment of a kind of job; what is served without a pool has one a priority."""
        found = self._named(f"{kind}/{kind}")
        if found.get("work_pool_name") or priority is Priority.INTERACTIVE:
            return found
        return self._named(f"{kind}/{kind}-{priority}")

    def _named(self, name: str) -> dict[str, Any]:
        if name not in self._deployments:
            try:
                self._deployments[name] = self._ask("GET", f"/deployments/name/{name}")
            except UsageError as error:
                raise SettingsError(
                    f"The Prefect server at {self._shown} has no deployment {name}: "
                    "`nightshift up` and `nightshift deploy` register it, `nightshift serve "
                    "--flows` serves it."
                ) from error
        return self._deployments[name]

    @property
    def _shown(self) -> str:
        return redacted(self._url)

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        """What the server answers, as JSON; ``UsageError`` if it knows no such thing."""
        try:
            answer = self._patiently_sent(method, path, content)
            if answer.status_code == httpx.codes.FORBIDDEN and method != "GET":
                self._headers = None  # its token against forgery is an hour old
                answer = self._sent(method, path, content)
            if answer.is_success:
                return answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise self._silent(str(error) or type(error).__name__) from error
        raise self._refused(answer)

    def _patiently_sent(self, method: str, path: str, content: Any) -> httpx.Response:
        """A server on SQLite answers 503 while another writes: it is asked again, as Prefect does.

        What is created twice is one, by its key for idempotency.
        """
        for delay in _BUSY_SECONDS:
            answer = self._sent(method, path, content)
            if answer.status_code not in _BUSY:
                return answer
            clock.wait(delay)
        return self._sent(method, path, content)

    def _sent(self, method: str, path: str, content: Any) -> httpx.Response:
        if method != "GET" and self._headers is None:
            self._headers = csrf.headers(self._http, self._url, _CLIENT)
        return self._http.request(method, f"{self._url}{path}", json=content, headers=self._headers)

    def _silent(self, why: str) -> RetryableError:
        return RetryableError(
            f"The Prefect server at {self._shown} does not answer: {why}. Start it "
            "(`nightshift up` does), or mend NIGHTSHIFT_PREFECT_API_URL."
        )

    def _refused(self, answer: httpx.Response) -> NightShiftError:
        if answer.status_code == httpx.codes.NOT_FOUND:
            return UsageError(f"The Prefect server at {self._shown} has no {answer.url.path}.")
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return SettingsError(
                f"The Prefect server at {self._shown} wants a password: set "
                "PREFECT_API_AUTH_STRING (`nightshift up --show-login` says that of a home)."
            )
        if answer.is_server_error:
            return self._silent(f"{answer.status_code} {answer.reason_phrase}")
        return PermanentError(f"Prefect refuses the job: {answer.text[:300]}")


def connected(settings: Settings) -> JobServer:
    """A connection to the Prefect server that is set.

    Raises:
        SettingsError: there is none.
    """
    api = prefect_api(settings)
    if api is None:
        raise SettingsError(NO_SERVER)
    return JobServer(api)


def settle(states: Mapping[str, RunState | None]) -> None:
    """Note what came of jobs whose process could not say it; None: Prefect knows no such run."""
    with session() as s:
        for flow_run_id, state in states.items():
            if state is None:
                gone = "Prefect has no such run any more."
                jobs.end(s, flow_run_id, JobStatus.FAILED, gone)
            elif state.status.is_over:
                failed = state.status is JobStatus.FAILED
                jobs.end(s, flow_run_id, state.status, state.message if failed else None)


def revive(server: JobServer) -> list[str]:
    """Schedule jobs again that somebody took, and has given no sign of life of for a while.

    A process that was killed together with who started it leaves its flow run as it was, for ever.

    Returns:
        Their flow runs.
    """
    with session() as s:
        taken = {row.flow_run_id: row.heartbeat_at for row in jobs.active(s) if row.flow_run_id}
    states = server.states(list(taken))
    long_ago = clock.now() - timedelta(seconds=_SILENT_SECONDS)
    gone = [
        run
        for run, state in states.items()
        if state.in_hands and all(m < long_ago for m in (state.since, taken[run]) if m)
    ]
    for run in gone:
        server.schedule_again(run)
    return gone
