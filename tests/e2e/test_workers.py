"""A night on two workers of a real server: one is killed, one night is cancelled; on Postgres."""

import os
import signal
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.e2e.up import Up, started
from tests.media import ffmpeg
from tests.waiting import until
from utils.models.options import Switches

CLIPS = 8
pytestmark = pytest.mark.timeout(1500)  # two minutes on an idle machine of 2 cores
# What a step does is not what this is about: a few are enough to see that none runs twice.
WITH = {"extract_mediainfo", "extract_codec", "generate_thumbnails", "consolidate_metadata"}


@pytest.fixture(scope="module")
def database(postgres: str) -> str:
    name = f"workers_{uuid.uuid4().hex[:8]}"
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def up(database: str) -> Iterator[Up]:
    """Outside of pytest's folders, which each session closes: Postgres may be another user."""
    steps = {f"pipeline__steps__{step}": False for step in Switches.model_fields.keys() - WITH}
    with (
        TemporaryDirectory("", "nightshift-", ignore_cleanup_errors=True) as folder,
        started(
            Path(folder, "home"), workers=2,
            database_url=database, lanes__database=8, worker_start_seconds=45, **steps,
        ) as running,
    ):  # fmt: skip
        assert running.items() == {}  # and the schema is there
        yield running


@pytest.fixture
def rows(database: str) -> Iterator[Callable[..., Any]]:
    engine = create_engine(database)

    def ask(query: str) -> list[tuple[int | str | None, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    yield ask
    engine.dispose()


def make_clips(up: Up, name: str, number: int, seconds: int, size: str) -> None:
    """So many different films in the inbox, each two seconds again and again."""
    for i in range(number):
        short = up.home / f"{name}{i}.mp4"
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25", "-f", "lavfi",
               "-i", f"sine=frequency={200 + 40 * i}", "-t", "2", "-c:v", "libx264",
               "-preset", "ultrafast", "-c:a", "aac", short)  # fmt: skip
        ffmpeg("-stream_loop", str(seconds // 2 - 1), "-i", short, "-c", "copy",
               "-metadata", f"comment={i}", up.home / "inbox" / short.name)  # fmt: skip
        short.unlink()


def start_night(up: Up) -> str:
    said = up.run("prefect", "deployment", "run", "night-shift/nightly",
                  "-p", "limit=50", "-p", "dispatch=workers")  # fmt: skip
    return next(line.split()[-1] for line in said.splitlines() if "UUID" in line)


def state(up: Up, run: str) -> str:
    return up.get(f"/flow_runs/{run}")["state_type"]


def runs_of_workers(up: Up) -> dict[str, tuple[int, int]]:
    """The flow run processes of this home: pid by the flow run's id, and their workers."""
    found = {}
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            flow_run = environment.get("PREFECT__FLOW_RUN_ID")
            ours = flow_run and environment.get("NIGHTSHIFT_HOME") == str(up.home)
            if ours and process.status() != "zombie":
                found[process.pid] = flow_run, process.ppid()
        except psutil.Error:
            continue
    # What they started (ffmpeg, the watchman) has inherited the variables.
    return {run: (pid, parent) for pid, (run, parent) in found.items() if parent not in found}


def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(
    up: Up, rows: Callable[..., Any]
) -> None:
    make_clips(up, "clip", CLIPS, 2, "160x120")
    night = start_night(up)

    def the_other_worker() -> tuple[int, dict[str, tuple[int, int]]] | None:
        """The worker that does not run the night itself, once it is at work.

        Rather while nothing starts: what dies then is missed three minutes later.
        """
        runs = runs_of_workers(up)
        at_work = {row[0] for row in rows("SELECT DISTINCT claimed_by FROM items")}
        chunks = defaultdict(list)
        for run, (_, worker) in runs.items():
            if run != night:
                chunks[worker].append(up.get(f"/flow_runs/{run}")["parameters"]["worker"])
        chunks.pop(runs.get(night, (0, 0))[1], None)
        ready = [worker for worker, workers in chunks.items() if at_work.intersection(workers)]
        done = rows("SELECT count(*) FROM executions WHERE status = 'done'")[0][0]
        starting = any(row["state_type"] == "PENDING" for row in up.post("/flow_runs/filter"))
        is_time = night in runs and ready and done >= (20 if starting else 6)
        return (ready[0], runs) if is_time else None

    worker, runs = until(the_other_worker, "the other worker at work", 300, every=1)
    os.kill(worker, signal.SIGKILL)
    for pid, of in runs.values():
        if of == worker:
            os.kill(pid, signal.SIGKILL)
    ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    until(lambda: state(up, night) in ends, "the end of the night", 600, every=1)
    assert state(up, night) == "COMPLETED"
    assert rows("SELECT status, count(*) FROM items GROUP BY status") == [("done", CLIPS)]
    assert rows("SELECT outcome, count(*) FROM run_items GROUP BY outcome") == [("done", CLIPS)]
    done = rows(
        "SELECT item_id, step, count(*) FROM executions WHERE status = 'done' GROUP BY 1, 2"
    )
    assert {number for *_, number in done} == {1}
    assert len({item for item, *_ in done}) == CLIPS
    assert rows("SELECT id FROM workers") == []
    crashed = [row for row in up.post("/flow_runs/filter") if row["state_type"] == "CRASHED"]
    assert crashed


def test_a_cancelled_night_takes_its_children_with_it_and_gives_everything_back(
    up: Up, rows: Callable[..., Any]
) -> None:
    make_clips(up, "long", 4, 60, "1280x720")
    night = start_night(up)
    running = "SELECT 1 FROM executions WHERE status = 'running'"
    until(lambda: rows(running), "a running step", 300, every=1)
    assert len(runs_of_workers(up)) >= 2
    up.post(f"/flow_runs/{night}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
    until(lambda: not runs_of_workers(up), "the end of all flow runs' processes", 200, every=1)
    assert rows("SELECT id FROM workers") == []
    assert rows("SELECT DISTINCT claimed_by FROM items WHERE claimed_by IS NOT NULL") == []
    assert {row[0] for row in rows("SELECT status FROM executions")} <= {"done", "failed", "lost"}
    open_tools = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(up.home) in part for part in process.info["cmdline"] or ())
        and "ffmpeg" in (process.info["cmdline"] or [""])[0]
    ]
    assert not open_tools
    until(lambda: state(up, night) == "CANCELLED", "the night's cancellation", 200, every=1)
    children = [row for row in up.post("/flow_runs/filter")
                if row["parent_task_run_id"] and row["deployment_id"]
                and row["start_time"] > up.get(f"/flow_runs/{night}")["start_time"]]  # fmt: skip
    until(
        lambda: all(state(up, row["id"]) == "CANCELLED" for row in children),
        "its children's cancellation", 200, every=1,
    )  # fmt: skip
