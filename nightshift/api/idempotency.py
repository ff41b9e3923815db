"""Idempotency keys: a POST that is sent again with the same key is answered as it was before.

The answer lies in the database, so it outlives this process and is known to others beside it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from anyio import CancelScope, to_thread
from sqlalchemy.orm import Session
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightshift.api import logins
from nightshift.api.guards import LARGE, replaying
from nightshift.api.problems import answer, of_error
from utils.db import idempotency, login_sessions, tokens
from utils.db.idempotency import Begun
from utils.db.session import session
from utils.errors import NightShiftError

HEADER = "idempotency-key"
MAX_KEY = 200  # characters
_KEPT_HEADERS = ("content-type", "location")
_MAX_ANSWER = 256 * 1024  # bytes that are kept. Chosen.


class Idempotent:
    """An ASGI application that does a POST with a key once, for each caller and key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it as it was answered before."""
        headers = Headers(scope=scope) if scope["type"] == "http" else None
        is_meant = headers and HEADER in headers and scope["method"] == "POST"
        if not is_meant or headers is None or get_route_path(scope).startswith(LARGE):
            await self._app(scope, receive, send)
            return
        key = headers[HEADER]
        if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
            why = f"Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters."
            await answer(422, "Invalid request", why)(scope, receive, send)
            return
        body = await _read(receive)
        parts = (scope["method"].encode(), scope["raw_path"], scope["query_string"], body)
        fingerprint = hashlib.sha256(b"\0".join(parts)).hexdigest()
        try:
            found = await to_thread.run_sync(_begin, headers, key, fingerprint)
        except NightShiftError as error:
            wrong = of_error(error)
            refusal = answer(wrong.status, wrong.title, wrong.detail or "", wrong.headers)
            await refusal(scope, receive, send)
            return
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        kept = _Kept(send)
        try:
            # Whoever creates something elsewhere hands it on (nightshift/api/shifts.py).
            scope.setdefault("state", {})["idempotency"] = f"{found}:{key}" if found else None
            await self._app(scope, replaying(body, receive), kept.send if found else send)
        finally:
            if found:
                with CancelScope(shield=True), suppress(NightShiftError):  # it was answered already
                    await to_thread.run_sync(kept.keep, found, key)


class _Kept:
    """What is sent, passed on and kept."""

    def __init__(self, send: Send) -> None:
        self._send, self._status, self._body = send, 500, bytearray()
        self._headers: dict[str, str] = {}

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = Headers(raw=message["headers"])
            self._headers = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        else:
            self._body += message.get("body", b"")
        await self._send(message)

    def keep(self, owner: str, key: str) -> None:
        """Keep a success; what failed created nothing and may be tried again."""
        with session() as s:
            if 200 <= self._status < 300 and len(self._body) <= _MAX_ANSWER:
                told = {"headers": self._headers, "body": self._body.decode()}
                idempotency.finish(s, owner, key, self._status, told)
            else:
                idempotency.release(s, owner, key)


def _begin(headers: Headers, key: str, fingerprint: str) -> Response | str | None:
    """An answer; or whose request it is, to be done now; None where nobody is known."""
    with session() as s:
        owner = _owner(s, headers)
        if owner is None:
            return None
        found = idempotency.begin(s, owner, key, fingerprint)
    if found is Begun.NEW:
        return owner
    if found is Begun.IN_WORK:
        why = "A request with this Idempotency-Key is in work. Ask again later."
        return answer(409, "Conflict", why, {"Retry-After": "1"})
    if found is Begun.OTHER:
        why = "This Idempotency-Key was used for another request within a day: take a new one."
        return answer(422, "Idempotency key in use", why)
    assert not isinstance(found, Begun)
    return _again(*found)


def _owner(s: Session, headers: Headers) -> str | None:
    """Whose request it is, by token or by the cookie of a login, as nightshift/api/access.py."""
    if "authorization" in headers:
        token = tokens.recognised(s, headers["authorization"].removeprefix("Bearer "))
        return token.id if token else None
    cookie = logins.of_cookie(headers.get("cookie", ""))
    person = login_sessions.recognised(s, cookie) if cookie else None
    return person.id if person else None


def _again(status: int, told: dict[str, Any]) -> Response:
    return Response(told["body"], status, {**told["headers"], "Idempotency-Replayed": "true"})


async def _read(receive: Receive) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(found)
