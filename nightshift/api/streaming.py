"""Server-sent events out of something that is asked again and again: by one for all who listen.

Whoever has events writes a ``Poll``: it is given the place behind the last event that a client
has (None: it has none), and says what came since. The place is the event's id, so a client that
comes back with ``Last-Event-ID`` goes on there, also on a server that was restarted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, NamedTuple

import anyio
from fastapi import Header, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool as in_thread
from starlette.types import Receive, Scope, Send

from nightshift.api.problems import problem
from utils import clock
from utils.errors import RetryableError

EVERY_SECONDS = 1.0  # between two questions to the database, for all who follow the same
MOST_CLIENTS = 100
_HEARTBEAT_SECONDS = 15  # a comment, so that proxies keep the connection open
_SEND_SECONDS = 60  # a client that takes nothing for so long is gone
_PATIENCE_SECONDS = 5.0  # between two tries while the database does not answer
_LET_IN_SECONDS = 10.0  # between two looks whether who listens still may: a query each. Chosen.

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="The stream goes on behind this event.")
]
Seconds = Annotated[
    float | None, Query(gt=0, le=86_400, description="End the stream after so long.")
]


class Event(NamedTuple):
    """An event; ``id`` is the place behind it."""

    id: str
    name: str
    data: dict[str, Any]


class Polled(NamedTuple):
    """What came since a place: its events, the place behind them, whether it was the last.

    ``has_more``: it was not all, ask again at once.
    """

    events: Sequence[Event]
    place: str
    is_over: bool
    has_more: bool = False


Poll = Callable[[str | None], Polled]
IsLetIn = Callable[[], Awaitable[bool]]


async def stream(
    request: Request, key: str, poll: Poll, place: str | None, seconds: float | None = None
) -> Response:
    """Send what ``poll`` says, from ``place`` on, until it is over or the client is gone.

    It ends, too, for whoever logged out, was disabled, or has a token that was revoked since.

    Args:
        request: Whose application counts those who listen; who let it in says in its state
            (``is_let_in``) how that is asked again.
        key: What is followed: those with the same key and place share one question.
        poll: Is asked in a thread, once in ``EVERY_SECONDS`` for all at the same place.
        place: ``Last-Event-ID``, or None for the beginning.
        seconds: The stream ends after so long; None: when it is over.

    Raises:
        Problem: 503, too many listen already.
        NightShiftError: what the first question raised.
    """
    shared = _shared(request)
    if shared.clients >= MOST_CLIENTS:
        raise problem(
            503, "Service Unavailable", f"{MOST_CLIENTS} clients listen already.", Retry_After="30"
        )
    first = await shared.ask(key, place, poll)
    end = clock.monotonic() + seconds if seconds else None
    events = _told(shared, key, poll, first, _Until(end, getattr(request.state, "is_let_in", None)))
    return _Counted(events, shared)


def nothing_more() -> Response:
    """The answer to who has all there is: a browser's EventSource does not come back then."""
    return Response(status_code=204)


class _Shared:
    """What was asked within the last second, and how many listen."""

    def __init__(self) -> None:
        self.clients = 0
        self._asked: dict[tuple[str, str | None], tuple[float, asyncio.Future[Polled]]] = {}

    async def ask(self, key: str, place: str | None, poll: Poll) -> Polled:
        """What came since ``place``; asked once a second, whoever wants it."""
        moment, wanted = clock.monotonic(), (key, place)
        known = self._asked.get(wanted)
        if known is None or moment - known[0] >= EVERY_SECONDS:
            self._asked = {
                one: told
                for one, told in self._asked.items()
                if moment - told[0] < EVERY_SECONDS or not told[1].done()
            }
            known = moment, asyncio.ensure_future(in_thread(poll, place))
            self._asked[wanted] = known
        return await asyncio.shield(known[1])  # one that goes away takes the answer from nobody


def _shared(request: Request) -> _Shared:
    state = request.app.state
    if not hasattr(state, "streams"):
        state.streams = _Shared()
    found: _Shared = state.streams
    return found


class _Counted(EventSourceResponse):
    """A stream of events that is one of so many."""

    def __init__(self, events: AsyncIterator[ServerSentEvent], shared: _Shared) -> None:
        super().__init__(events, ping=_HEARTBEAT_SECONDS, send_timeout=_SEND_SECONDS)
        self._shared = shared
        shared.clients += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._shared.clients -= 1


class _Until:
    """When a stream ends: at a moment (None: when all is told), or once nobody may listen."""

    def __init__(self, end: float | None, is_let_in: IsLetIn | None) -> None:
        self.end, self._is_let_in, self._looked_at = end, is_let_in, clock.monotonic()

    async def is_over(self) -> bool:
        """True once it has to end.

        Raises:
            RetryableError: the database does not answer.
        """
        moment = clock.monotonic()
        if self.end is not None and moment >= self.end:
            return True
        if self._is_let_in is None or moment - self._looked_at < _LET_IN_SECONDS:
            return False
        self._looked_at = moment
        return not await self._is_let_in()


async def _told(
    shared: _Shared, key: str, poll: Poll, polled: Polled, until: _Until
) -> AsyncIterator[ServerSentEvent]:
    """Events as they come; a client that is slow is waited for, and nothing is kept for it."""
    while True:
        for event in polled.events:
            data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
            yield ServerSentEvent(data, event=event.name, id=event.id)
        if polled.is_over:
            return
        if not polled.has_more:
            left = EVERY_SECONDS if until.end is None else max(0.0, until.end - clock.monotonic())
            await anyio.sleep(min(EVERY_SECONDS, left))
        try:
            if await until.is_over():
                return
            polled = await shared.ask(key, polled.place, poll)
        except RetryableError:  # the database is being restarted: what comes meanwhile is in it
            polled = Polled((), polled.place, is_over=False)
            yield ServerSentEvent(comment="the database does not answer")
            await anyio.sleep(_PATIENCE_SECONDS)
