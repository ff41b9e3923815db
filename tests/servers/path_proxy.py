"""A proxy as people put before the pages: below a path, which it cuts off or keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.servers.applications import serving

_OF_CONNECTIONS = {"connection", "keep-alive", "transfer-encoding", "content-length",
                   "content-encoding"}  # fmt: skip


@contextmanager
def before(
    server: str, prefix: str, *, cuts: bool = False, user: str | None = None
) -> Iterator[str]:
    """Pass on what is asked for below ``prefix``, as ``user`` if given; gives the address."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = await _passed_on(request, server, prefix, cuts, user)
        await answer(scope, receive, send)

    with serving(app, lifespan="off", proxy_headers=False) as url:
        yield url


async def _passed_on(
    request: Request, server: str, prefix: str, cuts: bool, user: str | None
) -> Response:
    path = request.url.path
    if not path.startswith(prefix):
        return Response("the proxy serves nothing here", 404)
    headers = {name: text for name, text in request.headers.items() if name != "remote-user"}
    headers |= {"x-forwarded-for": "192.0.2.7", "x-forwarded-host": headers.pop("host")}
    if user:
        headers["remote-user"] = user
    place = path.removeprefix(prefix) if cuts else path
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.request(
            request.method, f"{server}{place}", params=request.url.query, headers=headers,
            content=await request.body(),
        )  # fmt: skip
    passed = Response(answer.content, answer.status_code)
    passed.raw_headers += [
        (name, text) for name, text in answer.headers.raw
        if name.decode().lower() not in _OF_CONNECTIONS
    ]  # fmt: skip
    return passed
