"""One request to Spotify: whom it is sent to, how much of an answer is read, what it came to.

Tokens go to the host of the settings alone: no redirect is followed, and the connection's other
end is looked at before anything is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from utils import clock
from utils.config import Settings
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.privacy.public_hosts import is_public
from utils.privacy.redaction import bare
from utils.processes import retry_after

# All chosen. 50 whole tracks with their markets are 0.4 MB.
_BYTES = 8 << 20
_SECONDS = 30.0  # for one answer, however slowly it drips
_TIMEOUT = httpx.Timeout(15.0, connect=10.0)
CONNECTIONS = 16
_HOME = {"localhost", "127.0.0.1", "::1"}


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
        headers={"User-Agent": "NightShift/0.1", "Accept": "application/json"},
    ) as made:  # fmt: skip
        yield made


def ask(asking: httpx.Client, method: str, url: str, settings: Settings, **request: Any) -> Reply:
    """Send one request and read its answer; whatever its status, but no redirect.

    Raises:
        RetryableError: no answer, half of one, too slow a one, or one that is no JSON.
        PermanentError: it redirects, or is too large.
        SettingsError: its address is not one that tokens may be sent to.
    """
    extensions = {"trace": _look_at_peer(url, settings)}
    try:
        with asking.stream(method, url, extensions=extensions, **request) as response:
            body = _read(response)
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


def _read(response: httpx.Response) -> bytes:
    """The body, bounded in size and time."""
    end, body = clock.monotonic() + _SECONDS, bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > _BYTES:
            raise PermanentError(f"Spotify answered with more than {_BYTES >> 20} MiB.")
        if clock.monotonic() > end:
            raise RetryableError(f"Spotify's answer took longer than {_SECONDS:.0f} s.")
    return bytes(body)


def _document(response: httpx.Response, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        if response.status_code == httpx.codes.OK:
            raise RetryableError(
                "Spotify answered with something that is no JSON, or with half of it. "
                "Does the network ask for a sign-in?"
            ) from None
        return {"error": body[:200].decode("utf-8", "replace").strip()}  # said in plain words


def _look_at_peer(url: str, settings: Settings) -> Any:
    """What httpx tells of its connection's steps: it ends where the other end is not allowed.

    Raises:
        SettingsError: the address is no http(s) one, or would carry tokens in the clear.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_ours = host in _HOME or settings.allow_private_urls
    if parts.scheme != "https" and not (parts.scheme == "http" and is_ours):
        raise SettingsError(
            f"{bare(url)} is not https: tokens would be sent in the clear. Check "
            "NIGHTSHIFT_MUSIC__SPOTIFY_API_URL and NIGHTSHIFT_MUSIC__SPOTIFY_ACCOUNTS_URL."
        )
    asked: list[str] = []

    def look(event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            asked.append(str(info.get("host")))
        if event != "connection.connect_tcp.complete" or is_ours:
            return
        peer = info["return_value"].get_extra_info("server_addr")[0]
        # The user's own proxy may be anywhere; it is named by another host.
        if asked and asked[-1] == host and not is_public(ip_address(peer.split("%")[0])):
            info["return_value"].close()
            raise SettingsError(
                f"{host} is no public address ({peer}), it points into the local network: no "
                "token was sent. Set NIGHTSHIFT_ALLOW_PRIVATE_URLS=true if you trust it."
            )

    return look
