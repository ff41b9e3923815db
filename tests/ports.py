"""Ports for servers that have to be told one: bound here for as long as they are in use.

A port that was free a moment ago may be anybody's when the server asks for it. One that stays
bound, by a socket that does not listen and allows its address to be used again, is given to nobody
who asks for any port, and a server that asks for just this one gets it (Linux).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_TRIES = 100


@contextmanager
def held(number: int = 1) -> Iterator[int]:
    """The first of so many ports of this machine that lie beside each other."""
    with ExitStack() as stack:
        first, sockets = _beside_each_other(number)
        for one in sockets:
            stack.enter_context(one)
        yield first


def _beside_each_other(number: int) -> tuple[int, list[socket.socket]]:
    for _ in range(_TRIES):
        taken = [_bound(0)]
        first = taken[0].getsockname()[1]
        try:
            taken += [_bound(port) for port in range(first + 1, first + number)]
        except OSError:  # one of them is somebody's
            for one in taken:
                one.close()
            continue
        return first, taken
    raise AssertionError(f"no {number} ports beside each other are free")


def _bound(port: int) -> socket.socket:
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", port))
    except OSError:
        one.close()
        raise
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for the server that comes
    return one
