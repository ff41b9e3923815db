"""What stands before every request: limits of rate and size, and headers that browsers heed.

The rate is counted for a token or login that was recognised lately, else for an address, by all
processes of this server together (rate_limit_storage.py beside this): whoever guesses tokens is
counted by the address, whatever is guessed. No more is done against that: a token has 256 random
bits.
"""

from __future__ import annotations

import asyncio
import time

from limits import RateLimitItemPerMinute
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightshift.api import logins
from nightshift.api.access import RecentTokens
from nightshift.api.problems import SECURITY, answer
from nightshift.api.rate_limit_storage import SharedMemoryStorage
from utils.models.api import PREFIX, ApiSettings

MAX_HEADER_BYTES = 16 * 1024  # of all of them; ours have 0.5 kB. Chosen.
BODY_SECONDS = 60  # in which a body of the allowed size arrives. Chosen.
# Uploads have limits of their own; who watches over servers is never turned away.
LARGE = (f"{PREFIX}/uploads",)
LARGE_FORM = "/upload"  # of the pages, for browsers without scripts
UNLIMITED = (f"{PREFIX}/health", f"{PREFIX}/ready")


class Guards:
    """An ASGI application that turns away what is too often, too large or too slow."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, known: RecentTokens) -> None:
        self._app, self._max_bytes, self._known = app, settings.max_body_bytes, known
        self._limiter = SlidingWindowCounterRateLimiter(SharedMemoryStorage())
        self._rate = RateLimitItemPerMinute(settings.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, address = Headers(scope=scope), (scope["client"] or ("",))[0]
        path = get_route_path(scope)
        given = {**SECURITY}
        told = _telling(send, given)
        if sum(len(name) + len(value) + 4 for name, value in headers.raw) > MAX_HEADER_BYTES:
            refusal = answer(431, "Headers too large", f"At most {MAX_HEADER_BYTES} bytes.")
            await refusal(scope, receive, told)
            return
        wait = await self._wait(self._caller(headers, address), given, path)
        if wait:
            refusal = answer(429, "Too many requests", f"Ask again in {wait} s.",
                             {"Retry-After": str(wait)})  # fmt: skip
            await refusal(scope, receive, told)
            return
        is_large = path.startswith(LARGE) or path == LARGE_FORM
        body = None if is_large else await self._body(headers, receive)
        if isinstance(body, int):
            why = f"A body has at most {self._max_bytes:,} bytes, and arrives in {BODY_SECONDS} s."
            title = "Content too large" if body == 413 else "Request timeout"
            await answer(body, title, why, {"Connection": "close"})(scope, receive, told)
            return
        await self._app(scope, receive if body is None else replaying(body, receive), told)

    def _caller(self, headers: Headers, address: str) -> str:
        """Whose requests are counted together."""
        owner = self._known.owner(headers.get("authorization", "").removeprefix("Bearer "))
        if owner is None and "cookie" in headers and "authorization" not in headers:
            owner = self._known.owner_of_login(logins.of_cookie(headers["cookie"]))
        return f"token {owner}" if owner else f"address {address}"

    async def _wait(self, caller: str, given: dict[str, str], path: str) -> int:
        """Seconds until the caller may ask again; 0 for now. ``given``: what it is told of it."""
        if path in UNLIMITED:
            return 0
        may = await self._limiter.hit(self._rate, caller)
        stats = await self._limiter.get_window_stats(self._rate, caller)
        reset = _until(stats.reset_time)
        given["ratelimit-limit"] = str(self._rate.amount)
        given["ratelimit-remaining"] = str(max(0, stats.remaining))
        given["ratelimit-reset"] = str(reset)
        return 0 if may else reset

    async def _body(self, headers: Headers, receive: Receive) -> bytes | int | None:
        """The whole body, or the status of its refusal; None where there is none."""
        length = headers.get("content-length")
        if length is None and "transfer-encoding" not in headers:
            return None
        if length is not None and length.isdecimal() and int(length) > self._max_bytes:
            return 413
        found = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":  # it hung up: the application hears so
                        return bytes(found)
                    found += message.get("body", b"")
                    if len(found) > self._max_bytes:
                        return 413
                    if not message.get("more_body", False):
                        return bytes(found)
        except TimeoutError:
            return 408


def _telling(send: Send, given: dict[str, str]) -> Send:
    """Add headers to the answer, but for those that it has."""

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in given.items():
                headers.setdefault(name, value)
        await send(message)

    return tell


def replaying(body: bytes, receive: Receive) -> Receive:
    """A body that was read, for whoever reads it next; then what is received really."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _until(moment: float) -> int:
    return max(1, round(moment - time.time() + 0.5))
