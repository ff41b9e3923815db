"""A Chroma server that wants a token: `chroma run` has none, so one of ours stands before it.

    python -P -m deployments.chroma_server --path /data/chroma --host 0.0.0.0 --port 8210

Chroma listens on a port of this machine alone, which another user of it could ask without a
token: this is for a container or pod of its own, where there is none.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from deployments.own_name import ByOwnName
from utils.config import child_environment, load_settings
from utils.processes import watchdog

_HEARTBEAT = "/api/v2/heartbeat"  # for probes, as Prefect's /api/health
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_HOP = {"connection", "host", "keep-alive", "transfer-encoding", "content-length", "authorization"}
_TIMEOUT_SECONDS = 300.0


def guarded(upstream: str, token: str) -> Starlette:
    """An application that passes on to ``upstream`` what carries the bearer ``token``; else 401."""
    wanted = f"Bearer {token}".encode()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=upstream, timeout=_TIMEOUT_SECONDS) as client:
            app.state.client = client
            yield

    async def answer(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        is_probe = request.method == "GET" and request.url.path == _HEARTBEAT
        if not (is_probe or secrets.compare_digest(given, wanted)):
            return JSONResponse({"error": "Unauthorized", "message": "The token is wrong."}, 401)
        return await _passed_on(request)

    return Starlette(routes=[Route("/{path:path}", answer, methods=_METHODS)], lifespan=lifespan)


async def _passed_on(request: Request) -> Response:
    client: httpx.AsyncClient = request.app.state.client
    asked = client.build_request(
        request.method,
        httpx.URL(path=request.url.path, query=request.url.query.encode()),
        headers=[(n, v) for n, v in request.headers.items() if n not in _HOP],
        content=await request.body(),
    )
    try:
        told = await client.send(asked, stream=True)
    except httpx.HTTPError:
        return JSONResponse({"error": "Unavailable", "message": "Chroma does not answer."}, 503)
    headers = {n: v for n, v in told.headers.items() if n not in _HOP}
    ended = BackgroundTask(told.aclose)
    return StreamingResponse(told.aiter_raw(), told.status_code, headers, background=ended)


def main() -> None:
    """Serve until SIGTERM, or until Chroma ends; without a token not at all (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="where the index lies")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8210)
    parser.add_argument("--name", action="append", default=[], help="it goes by this name too")
    asked = parser.parse_args()
    token = load_settings().chroma_token
    if not (token and token.get_secret_value()):
        sys.exit("NIGHTSHIFT_CHROMA_TOKEN is not set: Chroma would answer anybody.")
    port = _free_port()
    app = guarded(f"http://127.0.0.1:{port}", token.get_secret_value())
    config = uvicorn.Config(
        ByOwnName(app, set(asked.name)), host=asked.host, port=asked.port, log_level="warning"
    )
    server = uvicorn.Server(config)
    with _chroma(asked.path, port) as chroma:
        threading.Thread(target=_ends_with, args=(server, chroma), daemon=True).start()
        server.run()


@contextlib.contextmanager
def _chroma(path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(path), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, env=child_environment(), stdin=subprocess.DEVNULL) as process:
        watchdog.watch(process.pid)
        try:
            yield process
        finally:
            process.terminate()


def _ends_with(server: uvicorn.Server, chroma: subprocess.Popen[bytes]) -> None:
    chroma.wait()
    server.should_exit = True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
