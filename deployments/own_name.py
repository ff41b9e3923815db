"""A server that is asked by its own name, and by its own pages, alone.

Passwords, CORS and CSRF tokens don't look at the name that a server is called by: a page of a
stranger whose name leads to 127.0.0.1 is of the server's own origin (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Set
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OF_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class ByOwnName:
    """An ASGI application that answers 403 to a foreign ``Host`` or ``Origin``."""

    def __init__(self, app: ASGIApp, names: Set[str]) -> None:
        self._app, self._names = app, {*OF_THIS_MACHINE, *names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        wrong = None if scope["type"] == "lifespan" else _wrong(Headers(scope=scope), self._names)
        if wrong is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
        else:
            said = {"title": "Forbidden", "status": 403, "detail": wrong}
            refusal = JSONResponse(said, 403, media_type="application/problem+json")
            await refusal(scope, receive, send)


def _wrong(headers: Headers, names: Set[str]) -> str | None:
    """What is foreign in a request; None if it is ours. Its page must lie at the very address."""
    host, origin = headers.get("host", ""), headers.get("origin")
    try:
        name = urlsplit(f"//{host}").hostname
        page = None if origin is None else urlsplit(origin).netloc
    except ValueError:
        return "Host or Origin can't be read."
    if name is None or name.lower() not in names:
        return "This server does not go by this name: see --name."
    if page is not None and page.lower() != host.lower():
        return "Pages of other origins may not ask this server."
    return None
