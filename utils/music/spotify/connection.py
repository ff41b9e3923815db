"""One request to Spotify: whom it is sent to, how much of an answer is read, what it came to.

Tokens go to the host of the settings alone: no redirect is followed, and the connection's other
end is looked at before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from utils import clock
from utils.config import Settings
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.music import service
from utils.privacy.redaction import bare
from utils.processes import retry_after

# All chosen.
_SECONDS = 30.0  # for one answer, however slowly it drips
_TIMEOUT = httpx.Timeout(15.0, connect=10.0)
CONNECTIONS = 16


class Reply(NamedTuple):
    """An answer: ``document`` is its JSON, None where it is none; the delay that it names."""

    status: int
    document: Any
    retry_after: float | None

    @property
    def said(self) -> str:
        """What the service says is wrong, cut; both of its hosts' forms are read."""
        error = self.document.get("error") if isinstance(self.document, dict) else None
        if isinstance(error, dict):
            error = error.get("message")
        told = self.document.get("error_description") if isinstance(self.document, dict) else None
        words = [one for one in (error, told) if isinstance(one, str) and _is_plain(one)]
        return ": ".join(words)[:200]


def _is_plain(text: str) -> bool:
    return text.isprintable() and "<" not in text


@contextmanager
def client() -> Iterator[httpx.Client]:
    """A client that many threads may use; its connections end with the block."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    with httpx.Client(
        timeout=_TIMEOUT, limits=limits, follow_redirects=False,
        headers={"User-Agent": service.user_agent(None), "Accept": "application/json"},
    ) as made:  # fmt: skip
        yield made


def ask(asking: httpx.Client, method: str, url: str, settings: Settings, **request: Any) -> Reply:
    """Send one request and read its answer; whatever its status, but no redirect.

    Raises:
        RetryableError: no answer, half of one, too slow a one, or one that is no JSON.
        PermanentError: it redirects, or is too large.
        SettingsError: its address is not one that tokens may be sent to.
    """
    _require_https(url, settings)
    extensions = {"trace": service.peer_check(url, settings)}
    end = clock.monotonic() + _SECONDS
    try:
        with asking.stream(method, url, extensions=extensions, **request) as response:
            body = service.read(response, "Spotify", end)
    except httpx.HTTPError as error:
        raise RetryableError(
            f"Spotify did not answer at {bare(url)}: {type(error).__name__}."
        ) from error
    if response.is_redirect:
        raise PermanentError(
            f"{bare(url)} redirects elsewhere ({response.status_code}), which is not followed. "
            "Is it the address of Spotify's API, and does the network ask for a sign-in?"
        )
    delay = retry_after.seconds(response.headers.get("retry-after"))
    return Reply(response.status_code, _document(response, body), delay)


def _document(response: httpx.Response, body: bytes) -> Any:
    found = service.parsed(body)
    if found is None and response.status_code == httpx.codes.OK:
        raise RetryableError(
            "Spotify answered with something that is no JSON, or with half of it. "
            "Does the network ask for a sign-in?"
        )
    if found is None:
        return {"error": body[:200].decode("utf-8", "replace").strip()}  # said in plain words
    return found


def _require_https(url: str, settings: Settings) -> None:
    """Refuse to send tokens in the clear, but to this machine or where that is allowed.

    Raises:
        SettingsError: the address is no https one.
    """
    scheme = urlsplit(url).scheme
    if scheme != "https" and not (scheme == "http" and service.is_trusted(url, settings)):
        raise SettingsError(
            f"{bare(url)} is not https: tokens would be sent in the clear. Check "
            "NIGHTSHIFT_MUSIC__SPOTIFY_API_URL and NIGHTSHIFT_MUSIC__SPOTIFY_ACCOUNTS_URL."
        )
