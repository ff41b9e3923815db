"""A forward proxy on loopback that connects to public addresses only.

All that yt-dlp asks for goes through it: pages, redirects, manifests, segments, keys, whichever
of its request handlers sends them. Nobody else can use it: it has a password for its life.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from utils.errors import NightShiftError, PermanentError, RetryableError
from utils.sources import address, users_proxy
from utils.sources.users_proxy import Way

# All chosen.
_CONNECT_SECONDS = 20
_IDLE_SECONDS = 120
_HEAD_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 16
# Headers between a client and its proxy.
_NOT_PASSED_ON = (b"proxy-", b"connection:", b"keep-alive:")


class ForwardProxy(NamedTuple):
    """A running proxy: its ``url`` with the password, and what it did not connect to, and why."""

    url: str
    refused: list[str]
    unreachable: list[str]


class _Request(NamedTuple):
    """The head of a request: where it is to go, and its lines without the first."""

    method: str
    scheme: str
    host: str
    port: int
    target: str
    headers: list[bytes]
    rest: bytes

    @property
    def is_tunnel(self) -> bool:
        return self.method == "CONNECT"


@contextmanager
def serving() -> Iterator[ForwardProxy]:
    """Run a proxy until the block ends; its connections end with it."""
    password = secrets.token_urlsafe(24)
    credential = base64.b64encode(f"nightshift:{password}".encode())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()
        proxy = ForwardProxy(f"http://nightshift:{password}@127.0.0.1:{place[1]}", [], [])
        over, clients = threading.Event(), set[socket.socket]()

        def accept_until_over() -> None:
            while not over.is_set():
                client, _ = listener.accept()
                clients.add(client)
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with closing(client), suppress(OSError):
                _serve(client, proxy, credential)
            clients.discard(client)

        thread = threading.Thread(target=accept_until_over, name="forward-proxy", daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            over.set()
            with suppress(OSError):
                socket.create_connection(place, 1).close()  # wakes accept
            thread.join()
            for client in list(clients):
                with suppress(OSError):  # its relay sees the end, and ends
                    client.shutdown(socket.SHUT_RDWR)


def _serve(client: socket.socket, proxy: ForwardProxy, credential: bytes) -> None:
    """One request of a client, then its connection is closed; a tunnel lasts until it ends."""
    client.settimeout(_IDLE_SECONDS)
    request = _read(client)
    if request is None:
        _answer(client, "400 Bad Request")
    elif not _is_allowed(request, credential):
        _answer(client, "407 Proxy Authentication Required")
    elif request.scheme not in {"http", "https"}:
        proxy.refused.append(f"{request.scheme}:// is no http(s) address.")
        _answer(client, "403 Forbidden")
    else:
        try:
            way = _way(request)
        except PermanentError as error:
            proxy.refused.append(str(error))
            _answer(client, "403 Forbidden")
        except NightShiftError as error:
            proxy.unreachable.append(str(error))
            _answer(client, "502 Bad Gateway")
        else:
            with closing(way.connection) as server:
                _pass_on(request, way, client)
                _relay(client, server)


def _read(client: socket.socket) -> _Request | None:
    """The head of a request; None if this is none."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = client.recv(_BLOCK_BYTES)
        if not part or len(head) > _HEAD_BYTES:
            return None
        head += part
    head, _, rest = head.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    try:
        method, target, _ = first.decode("ascii").split(" ")
        is_tunnel = method == "CONNECT"
        parts = urlsplit(f"https://{target}" if is_tunnel else target)
        port = parts.port or (443 if is_tunnel else 80)
    except ValueError:
        return None
    if is_tunnel:
        return _Request(method, "https", parts.hostname or "", port, target, headers, rest)
    path = parts._replace(scheme="", netloc="").geturl() or "/"
    path = path if path.startswith("/") else f"/{path}"
    scheme = parts.scheme if parts.scheme != "https" else "https without a tunnel"
    return _Request(method, scheme, parts.hostname or "", port, path, headers, rest)


def _is_allowed(request: _Request, credential: bytes) -> bool:
    for line in request.headers:
        name, _, value = line.partition(b":")
        scheme, _, given = value.strip().partition(b" ")
        if (name.lower(), scheme.lower()) == (b"proxy-authorization", b"basic"):
            return hmac.compare_digest(given, credential)
    return False


def _way(request: _Request) -> Way:
    """A connection to where a request is to go.

    Raises:
        PermanentError: that is no public address.
        RetryableError, SettingsError: it can't be reached.
    """
    proxy = users_proxy.for_host(request.scheme, request.host)
    if proxy is None:
        return Way(address.connected(request.host, request.port, _CONNECT_SECONDS))
    with suppress(RetryableError):  # a name that only the user's proxy knows is the proxy's
        address.resolved(request.host, request.port)
    try:
        return users_proxy.way(
            proxy, request.host, request.port, request.is_tunnel, _CONNECT_SECONDS
        )
    except OSError as error:
        raise RetryableError(f"The proxy {proxy.hostname} does not answer: {error}.") from error


def _pass_on(request: _Request, way: Way, client: socket.socket) -> None:
    """Send the head of a request on; of a tunnel, say that it stands."""
    if request.is_tunnel:
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        way.connection.sendall(request.rest)
        return
    host = f"[{request.host}]" if ":" in request.host else request.host
    target = f"http://{host}:{request.port}{request.target}" if way.absolute else request.target
    kept = [line for line in request.headers if not line.lower().startswith(_NOT_PASSED_ON)]
    # One request a connection: the next may be for another host.
    lines = [f"{request.method} {target} HTTP/1.1".encode(), *kept, *way.headers]
    lines += [b"Connection: close", b"", request.rest]
    way.connection.sendall(b"\r\n".join(lines))


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Bytes both ways, until one side ends or nothing comes for long."""
    server.settimeout(_IDLE_SECONDS)
    with selectors.DefaultSelector() as ready:
        for pair in ((client, server), (server, client)):
            ready.register(pair[0], selectors.EVENT_READ, pair)
        while found := ready.select(_IDLE_SECONDS):
            for key, _ in found:
                source, target = key.data
                part = source.recv(_BLOCK_BYTES)
                if not part:
                    return
                target.sendall(part)


def _answer(client: socket.socket, status: str) -> None:
    text = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n"
    if status.startswith("407"):
        text += 'Proxy-Authenticate: Basic realm="nightshift"\r\n'
    client.sendall(f"{text}\r\n".encode())
