"""A small HTTP server on loopback: a test scripts its answers, it notes what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """One answer; ``cut_to`` sends fewer bytes than the body has, then closes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_to: int | None = None
    declare_length: bool = True

    @classmethod
    def of_json(cls, document: Any, status: int = 200, **headers: str) -> Answer:
        body = json.dumps(document).encode()
        return cls(status, body, {"Content-Type": "application/json", **headers})


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


Handler = Callable[[Asked], Answer]


class Server:
    """The address of a running server and the requests it got."""

    def __init__(self, host: str, port: int) -> None:
        self.url, self.port = f"http://{host}:{port}", port
        self.asked: list[Asked] = []
        self.connections = 0

    def count(self, path: str) -> int:
        return sum(asked.path == path and asked.method == "GET" for asked in self.asked)


@contextmanager
def serving(
    handler: Handler, host: str = "127.0.0.1", port: int = 0, keep_alive: bool = False
) -> Iterator[Server]:
    """Serve ``handler`` until the block ends, on a free port if none is given.

    With ``keep_alive`` connections stay open between requests (HTTP/1.1).
    """

    class Http(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keep_alive else "HTTP/1.0"
        wbufsize = 1 << 16 if keep_alive else 0  # head and body in one packet
        disable_nagle_algorithm = True  # or each answer on an open connection waits 40 ms

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            server.asked.append(asked)
            answer = handler(asked)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.declare_length:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut_to])
            if answer.cut_to is not None or not answer.declare_length:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = respond

        def log_message(self, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer((host, port), Http)
    server = Server(host, http.server_port)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
