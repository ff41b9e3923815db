"""What a proxy says of those whom it asks for: believed of the proxies alone that are named.

Whoever asks directly could say the same, so the address of the connection decides, and each header
of another is as if it were not there. Which are on the same machine is no proof either: other
programs run there.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from utils.models.page_settings import PREFIX_PATTERN, PageSettings

_MOST_ADDRESSES = 20  # of X-Forwarded-For that are looked at. Chosen.


class Named(NamedTuple):
    """Whom a proxy says it asks for; ``is_forged``: another than the named proxies says so."""

    user: str | None = None
    is_forged: bool = False


class BehindProxy:
    """An ASGI application that is asked as if there was no proxy.

    The client's address, the scheme, the host and the prefix of paths are the visitor's then;
    ``scope["state"]["named"]`` (`Named`) is whom the proxy logged in.
    """

    def __init__(self, app: ASGIApp, settings: PageSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as the visitor sent it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_believed = self._is_believed((scope["client"] or ("",))[0])
        scope = {**scope, "state": {**scope.get("state", {})}}
        scope["state"]["named"] = self._named(headers, is_believed)
        prefix = self._settings.path_prefix
        if is_believed:
            self._see_through(scope, headers)
            said = headers.get("x-forwarded-prefix", "").rstrip("/")
            if not prefix and re.fullmatch(PREFIX_PATTERN, said):
                prefix = said
        if prefix and scope["path"] == prefix and scope["type"] == "http":
            await RedirectResponse(f"{prefix}/", 308)(scope, receive, send)
            return
        await self._app(_below(scope, prefix) if prefix else scope, receive, send)

    def _is_believed(self, address: str) -> bool:
        found = _address(address)
        return found is not None and any(found in net for net in self._settings.trusted_proxies)

    def _named(self, headers: Headers, is_believed: bool) -> Named:
        """Whom the proxy logged in; several headers are a visitor's and the proxy's."""
        name = self._settings.user_header
        said = headers.getlist(name) if name else []
        if not said:
            return Named()
        if not is_believed or len(said) > 1:
            return Named(is_forged=True)
        return Named(_utf8(said[0]).strip() or None)

    def _see_through(self, scope: Scope, headers: Headers) -> None:
        """Put in what the proxy says; an address that can't be read leaves its own."""
        if (visitor := self._visitor(headers)) is not None:
            scope["client"] = (visitor, 0)
        scheme = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
        if scheme in {"http", "https"}:
            is_socket = scope["type"] == "websocket"
            scope["scheme"] = scheme.replace("http", "ws") if is_socket else scheme
        host = headers.get("x-forwarded-host", "").split(",")[0].strip()
        if host:
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [*others, (b"host", host.encode("latin-1"))]

    def _visitor(self, headers: Headers) -> str | None:
        """Who asked the first of the named proxies: the last address that is none of them."""
        said = [one for line in headers.getlist("x-forwarded-for") for one in line.split(",")]
        found = None
        for one in reversed(said[-_MOST_ADDRESSES:]):
            address = _address(one.strip())
            if address is None:
                break
            found = str(address)
            if not self._is_believed(found):
                break
        return found


def _below(scope: Scope, prefix: str) -> Scope:
    """The request at its place below a prefix, which a proxy may have taken off."""
    if not scope["path"].startswith(f"{prefix}/"):
        scope["path"] = prefix + scope["path"]
        if "raw_path" in scope:
            scope["raw_path"] = prefix.encode() + (scope["raw_path"] or b"")
    scope["root_path"] = prefix
    return scope


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without a port; an IPv4 one that is written as IPv6 as itself."""
    if (found := re.fullmatch(r"\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+", text)) is not None:
        text = found[1] or found[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _utf8(text: str) -> str:
    """A header as it was sent: frameworks read Latin-1, proxies write UTF-8."""
    return text.encode("latin-1", errors="replace").decode(errors="replace")
