"""Is an address fit to be fetched from? Media lists come from strangers."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from utils.errors import PermanentError, RetryableError


def check(url: str, allow_private: bool) -> None:
    """Refuse anything but http(s) to a public address.

    Raises:
        PermanentError: another scheme, or an address of this machine or its network.
        RetryableError: the name can't be resolved.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise PermanentError(f"{url} is no http(s) address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PermanentError(f"{url} is no http(s) address.")
    if allow_private:
        return
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise PermanentError(f"{parts.hostname} is no host name: {error}.") from error
    except OSError as error:
        raise RetryableError(
            f"{parts.hostname} can't be resolved: {error}. Is there a network?"
        ) from error
    for *_, (host, *_) in found:
        if not ipaddress.ip_address(str(host).split("%")[0]).is_global:
            raise PermanentError(
                f"{url} points into the local network ({host}). Set "
                "NIGHTSHIFT_ALLOW_PRIVATE_URLS=true if you trust it."
            )
