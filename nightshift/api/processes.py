"""One address served by several processes, because Python computes on one core in each.

They are forked from one that has imported everything, and what none of them changes they share.
That one accepts, and hands connections out in turn: left to the processes themselves, whoever wakes
first takes all that wait (tried: 20 of 20). Those that a process had not begun when it died wait
for the one in its place.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from multiprocessing import connection, get_context
from multiprocessing.context import ForkProcess
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import uvicorn

from utils import clock
from utils.errors import PermanentError, UsageError, from_os_error

# Chosen: what ends so often has a cause that another start does not remove.
MOST_RESTARTS, WITHIN_SECONDS = 5, 60
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BACKLOG = 2048  # connections that wait to be accepted; as uvicorn has it
_PR_SET_PDEATHSIG = 1


class _Child(NamedTuple):
    process: ForkProcess
    ours: socket.socket  # connections are put in here
    theirs: socket.socket  # and taken out there


def default_number() -> int:
    """Two where there are two cores; one where forking is not safe (other than Linux)."""
    return min(2, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1


def listening(host: str, port: int) -> list[socket.socket]:
    """Sockets at the addresses of a host; port 0 is any that is free, the same at each.

    Raises:
        RetryableError, PermanentError: the port is taken, or the address is none of this machine.
    """
    made: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((family, place[0]) for family, *_, place in found):
            made.append(one := socket.socket(family, socket.SOCK_STREAM))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setblocking(False)
            one.bind((address, port))
            one.listen(_BACKLOG)
            port = one.getsockname()[1]
    except OSError as error:
        raise from_os_error(error, f"listening on {host}, port {port}") from error
    return made


def serve(
    make: Callable[[], uvicorn.Config], number: int, listeners: Sequence[socket.socket]
) -> None:
    """Have so many processes serve, until a signal ends all; one that ends is started again.

    Args:
        make: What a process serves; called in it.
        number: Of processes.
        listeners: Where connections come.

    Raises:
        UsageError: this is no Linux.
        PermanentError: they end again and again.
    """
    if sys.platform != "linux":
        raise UsageError("Several processes serve on Linux alone: leave --processes out.")
    gc.collect()
    gc.freeze()  # the collector writes to what it looks at; so it stays shared
    ended: deque[float] = deque(maxlen=MOST_RESTARTS)
    with _children(make, number) as children:
        for turn in count():
            gone = [one.process.sentinel for one in children]
            ready = connection.wait([*listeners, *gone])
            for one in listeners:
                if one in ready:
                    _hand_on(one, children, turn)
            for place, child in enumerate(children):
                if child.process.sentinel in ready:
                    child.process.join()
                    _require_rest(ended)
                    children[place] = _started(make, child.ours, child.theirs)


def _hand_on(listener: socket.socket, children: Sequence[_Child], turn: int) -> None:
    """Give the next connection to the process whose turn it is, or to one that still takes it."""
    try:
        accepted, _ = listener.accept()
    except BlockingIOError:
        return
    except OSError:  # it hung up, or too many files are open
        clock.wait(0.01)
        return
    with accepted:
        for place in range(len(children)):
            to = children[(turn + place) % len(children)].ours
            given = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [accepted.fileno()]))
            try:  # socket.send_fds leaves its flags out (Python 3.11), and would wait here
                to.sendmsg([b"c"], [given], socket.MSG_DONTWAIT)
            except OSError:  # it has hundreds that it did not come to
                continue
            return


def _require_rest(ended: deque[float]) -> None:
    ended.append(clock.monotonic())
    if len(ended) == MOST_RESTARTS and ended[-1] - ended[0] < WITHIN_SECONDS:
        raise PermanentError(f"The processes of the API ended {MOST_RESTARTS} times in a row.")


@contextmanager
def _children(make: Callable[[], uvicorn.Config], number: int) -> Iterator[list[_Child]]:
    """Processes that serve; they end with the block, which a signal ends."""
    for one in _STOPPING:
        signal.signal(one, _stop)
    children = [_started(make, *socket.socketpair()) for _ in range(number)]
    try:
        yield children
    finally:
        for child in children:
            child.process.terminate()
        for child in children:
            child.process.join()


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for one in _STOPPING:  # it is ending
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(0)


def _started(
    make: Callable[[], uvicorn.Config], ours: socket.socket, theirs: socket.socket
) -> _Child:
    fork = get_context("fork")
    process = fork.Process(target=_serve, args=(make, theirs, os.getpid()))
    process.start()
    return _Child(process, ours, theirs)


def _serve(make: Callable[[], uvicorn.Config], taken_from: socket.socket, above: int) -> None:
    """What a process does: it ends with the one above it, if that should be killed."""
    for one in _STOPPING:
        signal.signal(one, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == above:
        _Server(make(), taken_from).run()


class _Server(uvicorn.Server):
    """A server that is given its connections."""

    def __init__(self, config: uvicorn.Config, taken_from: socket.socket) -> None:
        super().__init__(config)
        self._taken_from = taken_from
        self._beginning: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take them."""
        await super().startup(sockets=sockets or [])
        asyncio.get_running_loop().add_reader(self._taken_from, self._take)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take none any more, and end those that are there."""
        asyncio.get_running_loop().remove_reader(self._taken_from)
        await super().shutdown(sockets)

    def _take(self) -> None:
        _, (taken,), _, _ = socket.recv_fds(self._taken_from, 1, 1)
        given = socket.socket(fileno=taken)
        given.setblocking(False)
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(self._protocol, given))
        self._beginning.add(task)  # else nobody held it
        task.add_done_callback(self._beginning.discard)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made
