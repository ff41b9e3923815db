"""What a Prefect server answers to those who queue jobs: deployments, flow runs, their states."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.servers.loopback import Answer, Asked, Server, serving


class Jobs:
    """Its deployments by name, and its flow runs by id: each with its request and its state."""

    def __init__(self, pool: str | None = "nightshift") -> None:
        self.deployments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, str] = {}
        for kind in ("full-frames", "crop-frames"):
            for name in (kind,) if pool else (kind, f"{kind}-background"):
                made = {"id": str(uuid.uuid4()), "work_pool_name": pool}
                self.deployments[f"{kind}/{name}"] = made

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/api").partition("?")[0]
        if path == "/csrf-token":
            return Answer.of_json({"detail": "none is asked for"}, 422)
        if path.startswith("/deployments/name/"):
            found = self.deployments.get(path.removeprefix("/deployments/name/"))
            return Answer.of_json(found) if found else Answer.of_json({}, 404)
        given = json.loads(asked.body)
        if path.endswith("/create_flow_run"):
            return Answer.of_json({"id": self._created(path.split("/")[2], given)}, 201)
        if path == "/flow_runs/filter":
            wanted = given["flow_runs"]["id"]["any_"]
            return Answer.of_json(
                [
                    {"id": one, "state": self.runs[one]["state"]}
                    for one in wanted
                    if one in self.runs
                ]
            )
        if path.endswith("/set_state"):
            self.runs[path.split("/")[2]]["state"] = given["state"]
            return Answer.of_json({"status": "ACCEPT"}, 201)
        return Answer.of_json({"detail": "Not Found"}, 404)

    def _created(self, deployment: str, given: dict[str, Any]) -> str:
        key = given["idempotency_key"]
        run = self.by_key.setdefault(key, str(uuid.uuid4()))
        begun = {"type": "SCHEDULED", "message": None}
        self.runs.setdefault(run, {**given, "deployment": deployment, "state": begun})
        return run

    def end(self, run: str, kind: str, message: str | None = None) -> None:
        self.runs[run]["state"] = {"type": kind, "message": message}


@contextmanager
def serving_jobs(pool: str | None = "nightshift") -> Iterator[tuple[Server, Jobs]]:
    jobs = Jobs(pool)
    with serving(jobs.answer) as server:
        yield server, jobs
