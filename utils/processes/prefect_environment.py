"""What Prefect is told by the environment: where its server is, or how to start one of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import NamedTuple

from pydantic import SecretStr

from utils.config import Settings
from utils.models import running_services
from utils.models.ephemeral_server import EPHEMERAL_SERVER
from utils.privacy.redaction import without_user


class PrefectApi(NamedTuple):
    """Where a self-hosted Prefect server answers; ``auth`` is its ``user:password``, if any."""

    url: str
    auth: SecretStr | None


def is_served(settings: Settings) -> bool:
    """True if a self-hosted Prefect server is meant, False for an ephemeral one."""
    return prefect_api(settings) is not None


def is_run_of_worker() -> bool:
    """True if a Prefect worker started this process, to execute one flow run."""
    return "PREFECT__FLOW_RUN_ID" in os.environ


def prefect_api(settings: Settings) -> PrefectApi | None:
    """The self-hosted Prefect server; None without one. The home's login is for its own alone."""
    given = os.environ.get("PREFECT_API_URL") or settings.prefect_api_url or ""
    url, user = without_user(given.rstrip("/"))
    auth = os.environ.get("PREFECT_API_AUTH_STRING") or user
    ours = running_services.running(settings.services_file)
    if url and not auth and url == ours.get("prefect_api_url"):
        with contextlib.suppress(OSError):
            auth = settings.login_file.read_text().strip()
    return PrefectApi(url, SecretStr(auth) if auth else None) if url else None


def prepare_prefect(settings: Settings, log_level: str = "INFO") -> None:
    """Set what Prefect reads from the environment; must run before Prefect is imported.

    Nothing that the user has set is overwritten. Without a server Prefect keeps its own
    database in the home, and starts an ephemeral one (6–20 s on a small machine).
    """
    defaults = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": log_level,
    }
    if api := prefect_api(settings):
        os.environ["PREFECT_API_URL"] = api.url  # without what opens it: Prefect logs its address
        if api.auth:
            defaults["PREFECT_API_AUTH_STRING"] = api.auth.get_secret_value()
    else:
        # Made by Prefect when it is imported: the home must be one by then (utils/storage/home.py).
        defaults |= {"PREFECT_HOME": str(settings.home / "prefect"), **EPHEMERAL_SERVER}
        # A password that lives as long as this process: its server inherits both.
        made = f"nightshift:{secrets.token_urlsafe(24)}"
        login = os.environ.setdefault("PREFECT_API_AUTH_STRING", made)
        os.environ["PREFECT_SERVER_API_AUTH_STRING"] = login
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
