"""AcoustID on loopback: its look-up, version 2, with its own codes of errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.loopback import Answer, Asked, Server, serving

KEY = "cSpUJKpD"
# A real one is some thousand characters long.
FINGERPRINT = "AQABz0qUkZK4oOfhL-Lc4wfC_8Ghg4e" + "J" * 40


@dataclass
class Service:
    """A running server: what it knows by fingerprint, how it behaves, what it was asked."""

    server: Server
    known: dict[str, list[dict[str, Any]]]
    per_second: float
    latency: float
    moods: list[Answer] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        return f"{self.server.url}/v2"


@contextmanager
def acoustid(
    known: dict[str, list[dict[str, Any]]] | None = None,
    per_second: float = 1e9,
    latency: float = 0.0,
) -> Iterator[Service]:
    """An AcoustID; ``known`` are the results (``result``) of each fingerprint."""
    guard = threading.Lock()

    def answer(asked: Asked) -> Answer:
        parts = urlsplit(asked.path)
        given = asked.body.decode() if asked.method == "POST" else parts.query
        form = {name: values[0] for name, values in parse_qs(given).items()}
        with guard:
            now = time.monotonic()
            service.moments.append(now)
            service.forms.append(form)
            recent = sum(now - one < 1 for one in service.moments)
        if parts.path != "/v2/lookup":
            return Answer(404, b"<html>Not Found</html>", {"Content-Type": "text/html"})
        if recent > service.per_second:
            service.refused += 1
            return too_many(service.per_second)
        if service.moods:
            return service.moods.pop(0)
        time.sleep(service.latency)
        return looked_up(form, service.known)

    with serving(answer, keep_alive=True) as server:
        service = Service(server, known or {}, per_second, latency)
        yield service


def result(score: float, *recordings: dict[str, Any]) -> dict[str, Any]:
    """A track of AcoustID's that a fingerprint belongs to, and recordings of MusicBrainz."""
    return {"id": "9ff43b6a-4f16-427c-93c2-92307ca505e0", "score": score,
            "recordings": list(recordings)}  # fmt: skip


def failed(status: int, code: int, message: str, **headers: str) -> Answer:
    error = {"code": code, "message": message}
    return Answer.of_json({"status": "error", "error": error}, status, **headers)


def too_many(per_second: float = 3.0) -> Answer:
    message = f"rate limit ({per_second:f} requests per second) exceeded, try again later"
    return failed(429, 14, message)


def looked_up(form: dict[str, str], known: dict[str, list[dict[str, Any]]]) -> Answer:
    for name in ("client", "duration", "fingerprint"):
        if name not in form:
            return failed(400, 2, f'missing required parameter "{name}"')
    if form["client"] != KEY:
        return failed(400, 4, "invalid API key")
    if not form["duration"].isdecimal() or not 0 < int(form["duration"]) <= 32767:
        return failed(400, 8, 'parameter "duration" must be a positive integer')
    if not form["fingerprint"].startswith("AQ"):
        return failed(400, 3, "invalid fingerprint")
    results = known.get(form["fingerprint"], [])
    if "recordings" not in form.get("meta", ""):
        results = [{"id": one["id"], "score": one["score"]} for one in results]
    return Answer.of_json({"status": "ok", "results": results})
