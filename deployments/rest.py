"""Prefect's API, asked without Prefect: importing it costs a command 1.4–3 s and 100 MB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from deployments import csrf
from utils import clock
from utils.config import Settings
from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError
from utils.privacy.redaction import redacted
from utils.processes.prefect_environment import prefect_api

PAGE = 200  # the most that Prefect's API gives at once
_CLIENT = "nightshift"
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
# A server on SQLite answers 503 while another request writes (docs/decisions/0039-sources.md).
_BUSY = (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS)
_TRIES, _WAIT_SECONDS = 5, 0.5


@contextmanager
def connected(settings: Settings) -> Iterator[httpx.Client]:
    """A client of the Prefect server, for ``ask``.

    Raises:
        SettingsError: there is no server, or it wants a password.
        RetryableError: it does not answer.
        PermanentError: it refuses what it is told.
    """
    api = prefect_api(settings)
    if api is None:
        raise SettingsError(
            "There is no Prefect server. `nightshift up` starts one; or set "
            "NIGHTSHIFT_PREFECT_API_URL."
        )
    user, _, password = (api.auth.get_secret_value() if api.auth else "").partition(":")
    try:
        with httpx.Client(
            base_url=f"{api.url}/",
            auth=(user, password) if api.auth else None,
            timeout=_TIMEOUT,
        ) as client:
            client.headers.update(csrf.headers(client, api.url, _CLIENT))
            yield client
    except httpx.HTTPError as error:
        raise _translated(error, redacted(api.url)) from error


def ask(client: httpx.Client, method: str, path: str, json: Any = None) -> Any:
    """What the server answers to a request, as JSON; None where it has nothing to say.

    Raises:
        httpx.HTTPError: it refuses, or does not answer; ``connected`` translates it.
    """
    for number in range(1, _TRIES + 1):
        answer = client.request(method, path, json=json)
        if answer.status_code not in _BUSY or number == _TRIES:
            break
        clock.wait(_WAIT_SECONDS * number)
    answer.raise_for_status()
    try:
        return answer.json() if answer.content else None
    except ValueError as error:
        raise httpx.DecodingError("what answers there is no Prefect server") from error


def found(client: httpx.Client, path: str) -> Any:
    """What lies at a path; None if nothing does.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    try:
        return ask(client, "GET", path)
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.NOT_FOUND:
            return None
        raise


def pages(client: httpx.Client, path: str, json: dict[str, Any]) -> Iterator[Any]:
    """All rows of a list that the API gives in pages.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    offset = 0
    while True:
        page = ask(client, "POST", path, {**json, "limit": PAGE, "offset": offset})
        yield from page
        if len(page) < PAGE:
            return
        offset += len(page)


def _translated(error: Exception, url: str) -> NightShiftError:
    if not isinstance(error, httpx.HTTPStatusError):
        return RetryableError(
            f"The Prefect server at {url} does not answer: {error}. Start it (`nightshift up` "
            "does), or mend NIGHTSHIFT_PREFECT_API_URL."
        )
    code = error.response.status_code
    if code in {401, 403}:
        return SettingsError(
            f"The Prefect server at {url} wants a password: set PREFECT_API_AUTH_STRING "
            "(`nightshift up --show-login` says that of a home)."
        )
    said = error.response.text[:500]
    if error.response.is_server_error or code == httpx.codes.TOO_MANY_REQUESTS:
        return RetryableError(f"The Prefect server at {url} answers {code}: {said}. Try again.")
    if "Work pool" in said and "not found" in said:
        return PermanentError(
            f"The Prefect server at {url} does not know the work pool yet. `nightshift deploy` "
            "makes it."
        )
    return PermanentError(f"The Prefect server at {url} refused it ({code}): {said}")
