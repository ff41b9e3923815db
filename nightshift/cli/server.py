"""The Prefect server: does it answer, does it fit what runs here, does it still live."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import httpx

from nightshift.cli.output import errors, print_error
from utils.config import Settings
from utils.errors import NightShiftError, RetryableError, SettingsError
from utils.privacy.redaction import redacted
from utils.processes.prefect_environment import is_served

# For what is in work to be given back once the ephemeral server was killed. Chosen.
_LAST_WORDS_SECONDS = 15.0

# Set once the ephemeral server of this process was killed, which ends the run.
died = threading.Event()


def require(settings: Settings) -> None:
    """Make sure, before anything begins, that a run can be told to the server, if there is one.

    Raises:
        RetryableError: it does not answer.
        SettingsError: it wants a password, or is of another major version.
    """
    if not is_served(settings):
        return
    theirs, ours = version_of(), version("prefect")
    if theirs.split(".")[0] != ours.split(".")[0]:
        raise SettingsError(
            f"The Prefect server at {address()} has version {theirs}, here it is {ours}, and the "
            f"two don't understand each other. Run a server of version {ours} "
            "(`nightshift up` does), or mend NIGHTSHIFT_PREFECT_API_URL."
        )


@contextmanager
def watched() -> Iterator[None]:
    """End what the block does soon after the ephemeral server of this process was killed.

    Steps can't be told to it any more, and Prefect's client would go on asking for minutes.
    """
    over = threading.Event()
    threading.Thread(target=_watch, args=(over,), name="server", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(over: threading.Event) -> None:
    from tasks import ephemeral_server  # imports Prefect
    from utils.processes import child_process, deadline

    while not over.wait(1):
        if ephemeral_server.is_gone():
            if deadline.stopping.is_set():  # the run was stopped, and the server with it
                return
            died.set()
            child_process.end_all()
            if not over.wait(_LAST_WORDS_SECONDS):
                errors.show_cursor()
                print_error(
                    "The run broke off: its Prefect server was killed. What was finished is kept: "
                    "run again."
                )
                sys.stdout.flush()
                os._exit(1)
            return


def next_look(settings: Settings) -> str | None:
    """When the next scheduled night begins, as ISO 8601; None without a server or a schedule."""
    from deployments import nightly

    return nightly.next_start(settings)


def version_of() -> str:
    """The server's version.

    Raises:
        RetryableError: it does not answer, or what answers is no Prefect server.
        SettingsError: it wants a password.
    """
    from prefect.client.orchestration import get_client

    client = get_client(sync_client=True)  # not entered: that would refuse other versions
    try:
        told = client.request("GET", "/admin/version").json()
    except (httpx.HTTPError, ValueError) as error:
        raise _translated(error) from error
    if not isinstance(told, str):
        raise RetryableError(f"What answers at {address()} is no Prefect server.")
    return told


def address() -> str:
    """The server's address, without a password."""
    from prefect.settings import PREFECT_API_URL

    return redacted(str(PREFECT_API_URL.value()))


def _translated(error: Exception) -> NightShiftError:
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in {401, 403}:
        return SettingsError(
            f"The Prefect server at {address()} wants a password: set PREFECT_API_AUTH_STRING "
            "(`nightshift up --show-login` says that of a home)."
        )
    return RetryableError(
        f"The Prefect server at {address()} does not answer: {error}. Start it "
        "(`nightshift up` does), or mend NIGHTSHIFT_PREFECT_API_URL."
    )
