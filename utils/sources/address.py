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

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where `is_global` of Python 3.11 says yes to what is no host of the internet, or leads to one
# of IPv4: the anycast of 6to4 relays; protocols (Teredo is one of them), documentation, 6to4.
_NO_HOSTS_4 = tuple(map(ipaddress.IPv4Network, ("192.88.99.0/24", "192.0.0.0/24")))
_NO_HOSTS_6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
# All that is given to hosts of IPv6 lies in here; NAT64, mapped, multicast and so on do not.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")


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


def is_public(ip: Ip) -> bool:
    """True for a host of the internet: nothing local, and no IPv4 inside an IPv6."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in _UNICAST_6 and ip.is_global and not any(ip in net for net in _NO_HOSTS_6)
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and not any(ip in net for net in _NO_HOSTS_4)
    )


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
