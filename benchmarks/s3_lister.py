"""A server that lists objects as S3 does, as fast as can be, so that a client's own work is seen.

It has no objects: bucket ``all-100000`` lists that many keys, ``before-100000`` those of them that
were there before, which is all but one in 1,000. moto takes 60 ms for such a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 1_000
NEW_EACH = 1_000  # one of so many is new
_OBJECT = (
    "<Contents><Key>films/{0:08d}.mp4</Key><LastModified>2026-11-26T08:00:00.000Z</LastModified>"
    "<ETag>&quot;{0:032x}&quot;</ETag><Size>{0}</Size><StorageClass>STANDARD</StorageClass>"
    "</Contents>"
)


@contextmanager
def serving() -> Iterator[str]:
    """Serve until the block ends; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Lister)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def page(bucket: str, first: int) -> bytes:
    """The page of a bucket that begins with an object's number."""
    kind, _, number = bucket.partition("-")
    end = min(first + PAGE, int(number))
    found = "".join(_OBJECT.format(n) for n in range(first, end) if kind == "all" or not is_new(n))
    more = end < int(number)
    token = f"<NextContinuationToken>{end}</NextContinuationToken>" if more else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{bucket}</Name><EncodingType>url</EncodingType>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{found}</ListBucketResult>"
    ).encode()


def is_new(number: int) -> bool:
    """True for an object that was not there before."""
    return number % NEW_EACH == NEW_EACH // 2


class _Lister(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        after = asked.get("start-after", "")
        first = int(after[len("films/") : -len(".mp4")]) + 1 if after else 0
        body = page(parts.path.strip("/"), int(asked.get("continuation-token", first)))
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
