"""What a ComfyUI server tells of its jobs while they run: its websocket, and how far a job is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from utils.visuals.comfyui_client import Server

_MOST_BYTES = 16 * 2**20  # of one message: previews come that way too
_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_GREETING_SECONDS = 2.0


@contextmanager
def opened(server: Server, client_id: str) -> Iterator[ClientConnection | None]:
    """Its websocket; None where it has none for us: then it is asked instead."""
    url = "ws" + server.url.removeprefix("http") + f"/ws?clientId={quote(client_id)}"
    try:
        channel = connect(
            url,
            additional_headers=dict(server.headers),
            max_size=_MOST_BYTES,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
        )
    except (OSError, WebSocketException, EOFError):
        yield None
        return
    with channel:
        # Its first message says that it has us among those whom it tells.
        with suppress(ConnectionClosed):
            next_message(channel, _GREETING_SECONDS)
        yield channel


def next_message(channel: ClientConnection, seconds: float) -> dict[str, Any]:
    """What it tells next, within so many seconds; empty if nothing that is understood.

    Raises:
        ConnectionClosed: the server is gone, or has closed it.
    """
    try:
        said = channel.recv(timeout=seconds)
    except TimeoutError:
        return {}
    try:
        told = json.loads(said) if isinstance(said, str) else None  # bytes are a preview
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("data"), dict) else {}


class Progress:
    """How far a job of some nodes is, by what the server tells of it: a share that only grows.

    ``error`` is what it said of a node that failed; ``at`` the node that it was at last.
    """

    def __init__(self, job: str, nodes: int) -> None:
        self._job, self._nodes = job, max(1, nodes)
        self._done: dict[str, float] = {}
        self.share = 0.0
        self.at: str | None = None
        self.error: dict[str, Any] | None = None

    def hear(self, told: dict[str, Any]) -> bool:
        """Note what a message says of the job; True if it says that it has ended."""
        data, kind = told.get("data", {}), told.get("type")
        if data.get("prompt_id") != self._job:
            return False
        if kind == "execution_cached":
            self._done |= {str(node): 1.0 for node in _list(data.get("nodes"))}
        elif kind == "progress_state":
            for node, state in _dict(data.get("nodes")).items():
                self._note(str(node), _dict(state))
        elif kind == "progress":  # before 2025
            self._note(str(data.get("node")), data)
        elif kind == "executing" and data.get("node") is not None:
            self.at = str(data["node"])
        elif kind in {"execution_error", "execution_interrupted"}:
            self.error = {**data, "event": kind}
        self.share = max(self.share, min(1.0, sum(self._done.values()) / self._nodes))
        is_over = kind == "executing" and data.get("node") is None
        return is_over or kind in {"execution_success", "execution_error", "execution_interrupted"}

    def _note(self, node: str, state: dict[str, Any]) -> None:
        value, most = state.get("value"), state.get("max")
        if isinstance(value, (int, float)) and isinstance(most, (int, float)) and most > 0:
            self._done[node] = min(1.0, max(0.0, value / most))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


__all__ = ["ConnectionClosed", "Progress", "next_message", "opened"]
