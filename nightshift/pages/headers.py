"""What browsers are told of every page: what it may load, and from where (CSP)."""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightshift.api.logins import PAGE_COOKIE

# Scripts and styles are our own files; a nonce is for styles that a script of ours makes.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' "
    "data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cache-control": "no-store",
}


class PageHeaders:
    """An ASGI application that adds them, unless an answer has its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the nonce of its answer in its state."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(12)
        scope.setdefault("state", {})["nonce"] = nonce

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", _POLICY.format(nonce=nonce))
                if "page_cookie" in scope["state"]:
                    headers.append("set-cookie", _cookie(scope))
            await send(message)

        await self._app(scope, receive, tell)


def _cookie(scope: Scope) -> str:
    """Of a browser that a proxy logs in (nightshift/api/logins.py)."""
    place = scope.get("app_root_path", scope.get("root_path", "")) or "/"
    secure = "; Secure" if scope["scheme"] == "https" else ""
    value = scope["state"]["page_cookie"]
    return f"{PAGE_COOKIE}={value}; Path={place}; HttpOnly; SameSite=Strict{secure}"
