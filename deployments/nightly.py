"""A night on demand, asked of Prefect's server without Prefect, whose import costs 3 s and 100 MB.

The worker of the pool begins it; a run that is asked for twice under one key is begun once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import httpx

from deployments import csrf, rest
from utils.config import Settings
from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError
from utils.processes.prefect_environment import PrefectApi, is_served

NAME = "night-shift/nightly"
ON_DEMAND = "content-ingestion/on-demand"  # for what a person names
_CLIENT = "nightshift-api"
_TIMEOUT_SECONDS = 10.0


class Queued(NamedTuple):
    """A flow run that waits for a worker."""

    flow_run_id: str
    name: str
    status: str


def start(
    api: PrefectApi, parameters: dict[str, Any], key: str | None = None, name: str = NAME
) -> Queued:
    """Have the server begin a night, or another deployment.

    Args:
        api: The server.
        parameters: Of the flow, those that are given.
        key: Under which this is done once; None for each time.
        name: Of the deployment.

    Raises:
        RetryableError: it does not answer, or knows no such deployment yet.
        SettingsError: it wants a password.
        PermanentError: it refuses the parameters.
    """
    with _client(api) as client:
        try:
            found = client.get(f"{api.url}/deployments/name/{name}")
            if found.status_code == httpx.codes.NOT_FOUND:
                raise RetryableError(
                    f"The Prefect server does not know {name}: `nightshift deploy` registers it."
                )
            deployment = _told(found)["id"]
            body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
            made = client.post(
                f"{api.url}/deployments/{deployment}/create_flow_run",
                json=body | ({"idempotency_key": key} if key else {}),
                headers=csrf.headers(client, api.url, _CLIENT),
            )
            run = _told(made)
        except (httpx.HTTPError, ValueError) as error:
            raise _away(api) from error
    return Queued(run["id"], run["name"], str(run["state"]["type"]).lower())


def next_start(settings: Settings) -> str | None:
    """When the next scheduled night begins, as ISO 8601; None without a server or a schedule."""
    if not is_served(settings):
        return None
    wanted = {
        "flows": {"name": {"any_": ["night-shift"]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        "sort": "EXPECTED_START_TIME_ASC",
        "limit": 1,
    }
    try:
        with rest.connected(settings) as client:
            found = rest.ask(client, "POST", "flow_runs/filter", wanted)
    except NightShiftError:
        return None
    due = found[0]["next_scheduled_start_time"] if found else None
    return datetime.fromisoformat(due).isoformat() if due else None


def answers(api: PrefectApi) -> bool:
    """True if the server is well."""
    try:
        with _client(api, 2.0) as client:
            return client.get(f"{api.url}/health").is_success
    except httpx.HTTPError:
        return False


def _client(api: PrefectApi, timeout: float = _TIMEOUT_SECONDS) -> httpx.Client:
    auth = api.auth.get_secret_value() if api.auth else None
    user, _, password = (auth or "").partition(":")
    return httpx.Client(auth=(user, password) if auth else None, timeout=timeout)


def _told(answer: httpx.Response) -> Any:
    if answer.status_code in {401, 403}:
        raise SettingsError(
            "The Prefect server wants another password: set PREFECT_API_AUTH_STRING for "
            "`nightshift serve`."
        )
    if answer.status_code in {409, 422}:
        raise PermanentError(f"The Prefect server refuses the shift: {answer.text[:300]}")
    return answer.raise_for_status().json()


def _away(api: PrefectApi) -> RetryableError:
    return RetryableError(
        f"The Prefect server at {api.url} does not answer. Start it (`nightshift up` does), then "
        "ask again."
    )
