"""Which addresses may be fetched from: media lists come from strangers, and so do their links.

A name is resolved once, and the connection goes to the very address that was looked at: a name
that changes its answer in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from utils.errors import PermanentError, RetryableError
from utils.privacy.public_hosts import is_public as is_public


class Resolved(NamedTuple):
    """One address of a host, as ``socket`` takes it."""

    family: socket.AddressFamily
    place: tuple[str, int] | tuple[str, int, int, int]


def check(url: str) -> None:
    """Refuse anything but http(s); where it leads is looked at by whoever connects.

    Raises:
        PermanentError: another scheme, or no address at all.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise PermanentError(f"{url} is no http(s) address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PermanentError(f"{url} is no http(s) address.")


def resolved(host: str, port: int) -> list[Resolved]:
    """All addresses of a host; one that is not public refuses them all.

    Raises:
        PermanentError: one is not public, or this is no name.
        RetryableError: it can't be resolved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise PermanentError(f"{host} is no host name: {error}.") from error
    except OSError as error:
        raise RetryableError(f"{host} can't be resolved: {error}. Is there a network?") from error
    places = [Resolved(family, place) for family, _, _, _, place in found]  # type: ignore[arg-type]
    for one in places:
        _require_public(host, one.place[0])
    return places


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to a host whose addresses are all public.

    Raises:
        PermanentError: as ``resolved``.
        RetryableError: it can't be resolved, or nobody answers within ``seconds``.
    """
    last: OSError | None = None
    for one in resolved(host, port):
        made = socket.socket(one.family, socket.SOCK_STREAM)
        try:
            made.settimeout(seconds)
            made.connect(one.place)
            _require_public(host, made.getpeername()[0])
            return made
        except OSError as error:
            made.close()
            last = error
        except BaseException:
            made.close()
            raise
    raise RetryableError(f"{host} does not answer: {last}.")


def _require_public(host: str, ip: str) -> None:
    if not is_public(ipaddress.ip_address(ip.split("%")[0])):
        raise PermanentError(
            f"{host} is no public address ({ip}), it points into the local network. Set "
            "NIGHTSHIFT_ALLOW_PRIVATE_URLS=true if you trust it."
        )
