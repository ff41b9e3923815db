"""One request to an outside service of music: bounded in bytes and time, errors translated.

Nothing that a service says leads elsewhere: the address is that of the settings, redirects are
not followed, and what is put into a path was checked before (utils/music/identifiers.py). The
connection's other end is looked at before anything is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from utils import clock
from utils.config import Settings
from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError
from utils.privacy.public_hosts import is_public
from utils.privacy.redaction import bare, redacted

MOST_BYTES = 8 * 2**20  # of one answer; MusicBrainz's longest are 1 MB
MOST_SECONDS = 60.0  # for one answer, however slowly it drips
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")  # no database takes the first
_HOME = {"localhost", "127.0.0.1", "::1"}
_SAID = 300  # characters of what a service says that go into an error


class Reply(NamedTuple):
    """What a service answered: ``document`` is its JSON, None where it is none."""

    status: int
    headers: httpx.Headers
    document: Any
    text: str

    @property
    def said(self) -> str:
        """What it says of an error, short."""
        told = self.document.get("error") if isinstance(self.document, dict) else None
        told = told.get("message") if isinstance(told, dict) else told
        plain = _CONTROLS.sub(" ", str(told or self.text[:_SAID])).strip()
        return redacted(plain or "nothing")[:_SAID]


class Service(NamedTuple):
    """A service: its name for people, the setting of its address, an open client.

    ``trace``: what looks at its connections (``peer_check``).
    """

    name: str
    setting: str
    client: httpx.Client
    trace: Any


@contextmanager
def connected(name: str, setting: str, url: str, settings: Settings) -> Iterator[Service]:
    """A service at the address of a setting; connections are kept open between requests.

    Raises:
        SettingsError: the address is none of http or https.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"{setting} is no address: {error}.") from None
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise SettingsError(f"{setting} is no http(s) address: {redacted(url)}.")
    limits = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60)
    headers = {"User-Agent": user_agent(settings.music.contact), "Accept": "application/json"}
    with httpx.Client(
        base_url=url.rstrip("/") + "/", headers=headers, timeout=_TIMEOUT, limits=limits
    ) as client:
        yield Service(name, setting, client, peer_check(url, settings))


def is_trusted(url: str, settings: Settings) -> bool:
    """True for an address of this machine, or where the local network is allowed."""
    return urlsplit(url).hostname in _HOME or settings.allow_private_urls


def peer_check(url: str, settings: Settings) -> Any:
    """httpx's extension ``trace``: it ends a connection whose other end is in a local network.

    What it returns raises ``SettingsError`` then; nothing was sent.
    """
    host, asked = urlsplit(url).hostname or "", [""]

    def look(event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            asked[0] = str(info.get("host"))
        if event != "connection.connect_tcp.complete" or is_trusted(url, settings):
            return
        peer = info["return_value"].get_extra_info("server_addr")[0]
        # The user's own proxy may be anywhere; it is named by another host.
        if asked[0] == host and not is_public(ip_address(peer.split("%")[0])):
            info["return_value"].close()
            raise SettingsError(
                f"{bare(url)} is no public address ({peer}), it points into the local network: "
                "nothing was sent. Set NIGHTSHIFT_ALLOW_PRIVATE_URLS=true if you trust it."
            )

    return look


def user_agent(contact: str | None) -> str:
    """Who asks: the program, its version, and how whoever runs it can be reached."""
    plain = re.sub(r"[^\x20-\x7e]|[()]", "", contact or "").strip()
    return f"NightShift/{metadata.version('nightshift')} ({plain or 'no contact set'})"


def ask(
    service: Service,
    path: str,
    params: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> Reply:
    """What a service answers; a form makes it a POST.

    Raises:
        RetryableError: it does not answer, is too slow, or cuts its answer short.
        PermanentError: its answer is too long.
    """
    method = "GET" if form is None else "POST"
    begun = clock.monotonic()
    try:
        with service.client.stream(
            method, path, params=dict(params), data=form, extensions={"trace": service.trace}
        ) as answer:
            body = read(answer, service.name, begun + MOST_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise RetryableError(
            f"{service.name} does not answer: {type(error).__name__}: {redacted(str(error))}. "
            f"Is there a network? Its address is {service.setting}."
        ) from error
    return Reply(answer.status_code, answer.headers, parsed(body), _text(body))


def refused(service: Service, reply: Reply) -> NightShiftError:
    """The error of an answer that is none of what was asked for, by its status."""
    says = f"{service.name} answers {reply.status}: {reply.said}"
    if reply.status >= 500:
        return RetryableError(f"{says}. It is asked again later.")
    if reply.status in {401, 403}:
        return SettingsError(
            f"{says}. Set NIGHTSHIFT_MUSIC__CONTACT to an e-mail or an URL of yours, and look at "
            f"{service.setting}."
        )
    if 300 <= reply.status < 400:
        return SettingsError(
            f"{says}. It redirects elsewhere, which is not followed: set {service.setting} to "
            "the address that it has now."
        )
    if reply.status == httpx.codes.NOT_FOUND:
        return SettingsError(f"{says}. Is {service.setting} right?")
    if reply.status == httpx.codes.OK:
        return RetryableError(
            f"{service.name} answers with something else than JSON: {reply.said[:80]!r}. "
            f"Is {service.setting} right, and is no log-in page of a network before it?"
        )
    if reply.status == httpx.codes.BAD_REQUEST:  # of an id that it can't have given
        return PermanentError(f"{says}.")
    return SettingsError(f"{says}. Is {service.setting} right, and does it speak as it did?")


def read(answer: httpx.Response, name: str, end: float) -> bytes:
    """A body of at most ``MOST_BYTES`` that is there by ``end`` (clock.monotonic).

    Raises:
        RetryableError: it is not.
        PermanentError: it is longer.
    """
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise PermanentError(f"{name} sends more than {MOST_BYTES >> 20} MiB at once.")
        if clock.monotonic() > end:
            raise RetryableError(f"{name} has not answered to the end in time.")
    return bytes(body)


def parsed(body: bytes) -> Any:
    """A body's JSON; None where it is none, or nests without end."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(body: bytes) -> str:
    return body[:1000].decode("utf-8", "replace")
