"""What a Prefect server of some version answers to those who ask before a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.loopback import Answer, Asked, Server, serving


@contextmanager
def prefect_server(version: str, status: int = 200, is_whole: bool = True) -> Iterator[Server]:
    """Say which version it is, and that all else is not found; its settings only if it is whole."""

    def answer(asked: Asked) -> Answer:
        if status != 200:
            return Answer.of_json({"exception_message": "Unauthorized"}, status)
        match asked.path.removeprefix("/api"):
            case "/admin/version":
                return Answer.of_json(version)
            case "/admin/settings" if is_whole:
                return Answer.of_json({"server": {"concurrency": {"lease_storage": "files"}}})
            case "/concurrency_limits/filter":
                return Answer.of_json([])
        return Answer.of_json({"detail": "Not Found"}, 404)

    with serving(answer) as server:
        yield server
