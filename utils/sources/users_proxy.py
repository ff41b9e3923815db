"""The proxy that the user's environment names (``https_proxy``, ``no_proxy`` …), if any.

Where it connects is its own rule: it resolves names that are not known here.
"""

from __future__ import annotations

import base64
import socket
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from yt_dlp.socks import ProxyType, sockssocket

from utils.errors import SettingsError

# Scheme → the protocol, and whether the proxy resolves the name.
_SOCKS = {
    "socks4": (ProxyType.SOCKS4, False),
    "socks4a": (ProxyType.SOCKS4A, True),
    "socks5": (ProxyType.SOCKS5, False),
    "socks5h": (ProxyType.SOCKS5, True),
}


class Way(NamedTuple):
    """A connection through a proxy; plain requests on it are ``absolute`` with ``headers``."""

    connection: socket.socket
    absolute: bool = False
    headers: tuple[bytes, ...] = ()


def for_host(scheme: str, host: str) -> SplitResult | None:
    """The proxy for addresses of ``scheme`` at ``host``; None if it is reached directly."""
    known = getproxies()
    if proxy_bypass(host):
        return None
    url = known.get(scheme) or known.get("all") or known.get("http")
    return urlsplit(url if "://" in url else f"http://{url}") if url else None


def way(proxy: SplitResult, host: str, port: int, tunnel: bool, seconds: float) -> Way:
    """Connect to a host through a proxy; with ``tunnel`` bytes go through as they are.

    Raises:
        SettingsError: a proxy of a kind that is not known here.
        OSError: it does not answer, or refuses.
    """
    address = (proxy.hostname or "", proxy.port or (1080 if proxy.scheme in _SOCKS else 80))
    user, password = unquote(proxy.username or ""), unquote(proxy.password or "")
    if proxy.scheme in _SOCKS:
        kind, names = _SOCKS[proxy.scheme]
        made = sockssocket()
        made.settimeout(seconds)
        made.setproxy(kind, *address, names, user or None, password or None)
        made.connect((host, port))
        return Way(made)
    if proxy.scheme != "http":
        raise SettingsError(f"A proxy of {proxy.scheme}:// is not known here: use http or socks5.")
    headers: tuple[bytes, ...] = ()
    if user:
        known = base64.b64encode(f"{user}:{password}".encode())
        headers = (b"Proxy-Authorization: Basic " + known,)
    made = socket.create_connection(address, seconds)
    if tunnel:
        _open_tunnel(made, host, port, headers)
    return Way(made, not tunnel, headers)


def _open_tunnel(made: socket.socket, host: str, port: int, headers: tuple[bytes, ...]) -> None:
    name = f"[{host}]" if ":" in host else host
    lines = (f"CONNECT {name}:{port} HTTP/1.1".encode(), f"Host: {name}:{port}".encode(), *headers)
    made.sendall(b"\r\n".join((*lines, b"", b"")))
    said = b""
    while b"\r\n\r\n" not in said:
        part = made.recv(1)  # what follows belongs to the tunnel
        if not part or len(said) > 1 << 16:
            made.close()
            raise ConnectionError("the proxy broke off")
        said += part
    status = said.split(b"\r\n", 1)[0].decode("latin-1")
    if status.split()[1:2] != ["200"]:
        made.close()
        raise ConnectionError(f"the proxy answered {status}")
