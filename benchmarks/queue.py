"""Until a job is accepted: by `nightshift queue` and over HTTP, against Prefect's own client.

On the Prefect server that PREFECT_API_URL names, with the deployments of `nightshift deploy`
(`nightshift up`): what it queues is cancelled again. Side by side, one after the other.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from deployments import queueing
from nightshift.api.app import create_app
from utils.config import load_settings
from utils.db import tokens
from utils.db.session import session
from utils.models.api import ApiSettings, Scope
from utils.models.job import JobStatus

Row = tuple[str, str, str, str, str]
_COMMANDS, _REQUESTS = 5, 40
_PREFECT = """
import sys
from prefect.deployments import run_deployment
video, database, folder = sys.argv[1:]
given = {"video_id": "prefect", "video_path": video, "db_path": database, "output_dir": folder}
run = run_deployment(
    "full-frames/full-frames", parameters=given, timeout=0, as_subflow=False
)
print(run.id)
"""


def rows() -> list[Row]:
    if "PREFECT_API_URL" not in os.environ:
        return [("a job until it is accepted", "not measured: PREFECT_API_URL is not set",
                 "–", "–", "–")]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        video = place / "video.mp4"
        video.write_bytes(b"x")
        paths = [str(video), str(place / "v.db"), str(place / "out")]
        ours = _median(lambda n: _command("-m", "nightshift", "queue", "full-frames", f"c{n}",
                                          *paths, "--priority", "background"))  # fmt: skip
        theirs = _median(lambda _: _command("-c", _PREFECT, *paths))
        posts = _posts(place, paths)
    _cancel_all()
    p95 = posts[int(len(posts) * 0.95) - 1]
    return [
        ("a job by `nightshift queue` until it is accepted", f"{ours:.2f} s",
         f"Prefect's client {theirs:.2f} s", f"{ours - theirs:+.2f} s", "< +1.5 s"),
        ("a job over HTTP until it is accepted, p95", f"{p95 * 1000:.0f} ms",
         f"median {statistics.median(posts) * 1000:.0f} ms", "–", "≤ 100 ms"),
    ]  # fmt: skip


def _command(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def _median(work: Callable[[int], None]) -> float:
    found = []
    for number in range(_COMMANDS):
        start = time.monotonic()
        work(number)
        found.append(time.monotonic() - start)
    return statistics.median(found)


def _posts(place: Path, paths: list[str]) -> list[float]:
    settings = load_settings().model_copy(update={"api": ApiSettings(roots=(place,))})
    with session() as s:
        token = tokens.create(s, "benchmark", [Scope.WRITE], None)
    web = TestClient(create_app(settings), base_url="http://127.0.0.1",
                     headers={"Authorization": f"Bearer {token}"})  # fmt: skip
    given: dict[str, Any] = dict(zip(("videoPath", "dbPath", "outputDir"), paths, strict=True))
    found = []
    for number in range(_REQUESTS):
        asked = given | {"videoId": f"h{number}", "priority": "background"}
        start = time.monotonic()
        web.post("/api/v1/jobs/full-frames", json=asked).raise_for_status()
        found.append(time.monotonic() - start)
    return sorted(found)


def _cancel_all() -> None:
    from utils.db import jobs

    server = queueing.connected(load_settings())
    with session() as s:
        waiting = [row.flow_run_id for row in jobs.active(s) if row.flow_run_id]
    for run in waiting:
        server.cancel(run)
    with session() as s:
        for run in waiting:
            jobs.end(s, run, JobStatus.CANCELLED)
