"""YouTube's API by Google's own client, its description read from the client: nothing is fetched.

What goes wrong is told in our terms: what is to be set right, what ends by itself, and when.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

from utils.errors import (
    DeferredError,
    NightShiftError,
    PermanentError,
    RetryableError,
    SettingsError,
    ThrottledError,
)
from utils.models.sanitize import text
from utils.models.targets import YoutubeTarget
from utils.processes import retry_after

# What calls cost of a project's day, in units (Google's table of quota costs).
LIST, WRITE, INSERT_VIDEO, INSERT_CAPTION, UPDATE_CAPTION, LIST_CAPTIONS = 1, 50, 1600, 400, 450, 50
_HOW_TO_LOG_IN = "See “A refresh token” in docs/distribution.md"
_DAY_IS_OVER = {"quotaExceeded", "dailyLimitExceeded", "uploadLimitExceeded"}
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded"}
_NOT_ALLOWED = {"insufficientPermissions", "accessNotConfigured", "youtubeSignupRequired",
                "authorizationRequired", "accountClosed", "accountSuspended"}  # fmt: skip


class NotThereError(PermanentError):
    """YouTube does not know it."""


class AlreadyThereError(PermanentError):
    """YouTube has one already."""


def client(target: YoutubeTarget) -> Any:
    """Google's client for a target.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        from google.oauth2.credentials import Credentials
        from googleapiclient import discovery, discovery_cache
    except ImportError:
        raise SettingsError(
            "Google's client is not installed: pip install 'nightshift[publishing]'."
        ) from None
    described = json.loads(discovery_cache.get_static_doc("youtube", "v3"))
    described["rootUrl"] = described["baseUrl"] = f"{target.api_url.rstrip('/')}/"
    credentials = Credentials(
        None,
        refresh_token=target.refresh_token.get_secret_value(),
        token_uri=target.token_url,
        client_id=target.client_id.get_secret_value(),
        client_secret=target.client_secret.get_secret_value(),
    )
    return discovery.build_from_document(described, credentials=credentials)


def channel(target: YoutubeTarget) -> str:
    """The title of the channel that a target's refresh token is good for.

    Raises:
        NightShiftError: it is good for none, or YouTube does not answer.
    """
    request = client(target).channels().list(part="snippet", mine=True)
    found = asked(request, "looking for the channel").get("items")
    if not found:
        raise PermanentError("The account has no channel at YouTube. Make one there.")
    return " ".join(text(str(found[0]["snippet"]["title"])).split())


def asked(request: Any, doing: str) -> dict[str, Any]:
    """The answer to a request of the client.

    Raises:
        NightShiftError: it was refused, or there is none.
    """
    with translated(doing):
        found = request.execute()
    return found if isinstance(found, dict) else {}


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Errors of the client as ours."""
    from google.auth.exceptions import GoogleAuthError, RefreshError
    from googleapiclient import http
    from googleapiclient.errors import Error, HttpError

    try:
        yield
    except NightShiftError:
        raise
    except HttpError as error:
        raise refusal(error.resp, error.content, doing) from None
    except RefreshError as error:
        raise _not_renewed(error, doing) from None
    except (OSError, HTTPException, GoogleAuthError, http.httplib2.HttpLib2Error) as error:
        raise RetryableError(f"No answer from YouTube while {doing}: {_said(error)}.") from None
    except (Error, ValueError, KeyError) as error:
        raise RetryableError(
            f"YouTube's answer makes no sense while {doing}: {_said(error)}"
        ) from None


def refusal(answer: Any, content: bytes, doing: str) -> NightShiftError:
    """What an answer that is none means; ``answer`` has a status and headers."""
    reason, message = _reason(content)
    status = int(answer.status)
    told = f"YouTube refused {doing}: {message or reason or f'status {status}'}"
    if reason in _DAY_IS_OVER:
        of_whom = "channel" if reason == "uploadLimitExceeded" else "project"
        return DeferredError(f"{told}. The {of_whom}'s limit of a day is used up.")
    if status == 429 or reason in _TOO_FAST:
        return ThrottledError(told, retry_after.seconds(answer.get("retry-after")))
    if status >= 500 or status == 408:
        delay = retry_after.seconds(answer.get("retry-after"))
        return ThrottledError(told, delay) if delay is not None else RetryableError(told)
    if status == 401 or reason in _NOT_ALLOWED:
        return SettingsError(f"{told}. The refresh token does not allow it. {_HOW_TO_LOG_IN}.")
    kind = {404: NotThereError, 409: AlreadyThereError}.get(status, PermanentError)
    return kind(f"{told} ({reason or status}).")


def _reason(content: bytes) -> tuple[str, str]:
    """The reason, as Google names it, and in words."""
    try:
        error = json.loads(content)["error"]
        first: dict[str, Any] = next(iter(error.get("errors") or ()), {})
        return str(first.get("reason", "")), " ".join(str(error.get("message", "")).split())[:300]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def _not_renewed(error: Any, doing: str) -> NightShiftError:
    if getattr(error, "retryable", False):
        return RetryableError(f"YouTube's login does not answer while {doing}: {_said(error)}.")
    return SettingsError(
        f"YouTube no longer takes the refresh token ({_said(error)}): it was revoked, is over "
        "(after seven days, of a project in testing), or is another client's. "
        f"{_HOW_TO_LOG_IN}, then publish again."
    )


def _said(error: BaseException) -> str:
    first = error.args[0] if error.args else ""
    return " ".join(str(first or type(error).__name__).split())[:200]
