"""Bodies of requests as they come, whatever their size: in blocks, through constant memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
from starlette.requests import ClientDisconnect, Request

BLOCK_BYTES = 2**20
QUIET_SECONDS = 60.0  # a client that sends nothing for so long is gone; chosen


class CutError(Exception):
    """The client went away before its body was whole, or fell silent."""


async def blocks(request: Request) -> AsyncIterator[bytes]:
    """A request's body in blocks of about ``BLOCK_BYTES``; what came before a cut comes, too.

    Raises:
        CutError: it is not whole.
    """
    buffer = bytearray()
    stream = request.stream()
    while True:
        try:
            with anyio.fail_after(QUIET_SECONDS):
                buffer += await anext(stream)
        except StopAsyncIteration:
            break
        except (ClientDisconnect, TimeoutError) as error:
            if buffer:
                yield bytes(buffer)
            raise CutError from error
        if len(buffer) >= BLOCK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def declared_bytes(request: Request) -> int | None:
    """How long a request says that its body is; None if it does not say."""
    told = request.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdecimal() else None
