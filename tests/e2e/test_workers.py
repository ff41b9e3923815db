"""A night on two machines with one Postgres and one store: one dies, one night is cancelled.

Both ask one Prefect server behind its password. Neither sees the other's home.
"""

import logging
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.e2e.machine import another
from tests.e2e.up import Up, started
from tests.media import ffmpeg
from tests.waiting import until
from utils.models.options import Switches

CLIPS = 6  # three chunks and more: both machines have one, and one waits
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
def store() -> Iterator[str]:
    """The address of a bucket on a server of S3, which programs find in their environment."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        httpx.put(f"http://{host}:{port}/shared").raise_for_status()
        yield "s3://shared/nights"
    server.stop()


@pytest.fixture(scope="module")
def up(database: str, store: str) -> Iterator[Up]:
    """Outside of pytest's folders, which each session closes: Postgres may be another user."""
    steps = {f"pipeline__steps__{step}": False for step in Switches.model_fields.keys() - WITH}
    with (
        TemporaryDirectory("", "nightshift-", ignore_cleanup_errors=True) as folder,
        started(
            Path(folder, "home"), database_url=database, store_url=store, lease_seconds=30,
            lanes__database=8, worker_start_seconds=45, **steps,
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
               "-i", f"sine=frequency={200 + 40 * i}", "-vf", f"hue=h={40 * i}",
               # Of one content two would be put at once: moto closes the first one's file then.
               "-t", "2", "-c:v", "libx264",
               "-preset", "ultrafast", "-c:a", "aac", short)  # fmt: skip
        ffmpeg("-stream_loop", str(seconds // 2 - 1), "-i", short, "-c", "copy",
               "-metadata", f"comment={i}", up.home / "inbox" / short.name)  # fmt: skip
        short.unlink()


def start_night(up: Up) -> str:
    """As `prefect deployment run` does, without a process for it."""
    deployment = up.get("/deployments/name/night-shift/nightly")["id"]
    given = {"parameters": {"limit": 50, "dispatch": "workers"}, "state": {"type": "SCHEDULED"}}
    return str(up.post(f"/deployments/{deployment}/create_flow_run", **given)["id"])


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


def test_a_machine_that_dies_loses_nothing_and_nothing_is_done_twice(
    up: Up, rows: Callable[..., Any]
) -> None:
    make_clips(up, "clip", CLIPS, 2, "160x120")
    with another(up) as other:
        other.signal(signal.SIGSTOP)  # the night itself is the first machine's
        night = start_night(up)
        until(lambda: night in runs_of_workers(up), "the night", 120, every=1)
        other.signal(signal.SIGCONT)
        pictured = (
            "SELECT item_id FROM executions WHERE step = 'generate_thumbnails' AND status = 'done'"
        )

        def made_there() -> set[str]:
            """The items whose pictures the other machine has made, and told of."""
            folders = {path.parent.name for path in other.home.glob("items/*/*/contact-sheet.jpg")}
            return folders & {item_id for (item_id,) in rows(pictured)}

        until(made_there, "pictures of the other machine", 300, every=0.2)
        other.signal(signal.SIGKILL)
        theirs = made_there()
    ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    until(lambda: state(up, night) in ends, "the end of the night", 600, every=1)
    assert state(up, night) == "COMPLETED"
    assert rows("SELECT status, count(*) FROM items GROUP BY status") == [("done", CLIPS)]
    done = rows(
        "SELECT item_id, step, count(*) FROM executions WHERE status = 'done' GROUP BY 1, 2"
    )
    assert {number for *_, number in done} == {1}
    assert rows("SELECT outcome, count(*) FROM run_items GROUP BY outcome") == [("done", CLIPS)]
    assert len({item for item, *_ in done}) == CLIPS
    assert rows("SELECT id FROM workers") == []
    crashed = [row for row in up.post("/flow_runs/filter") if row["state_type"] == "CRASHED"]
    assert crashed
    recalled_here(up, theirs.pop(), rows)


def recalled_here(up: Up, item_id: str, rows: Callable[..., Any]) -> None:
    """What the dead machine made is had by this one, from the store, and not made again."""
    count = "SELECT count(*) FROM executions"
    before = rows(count)
    (path,) = rows(f"SELECT path FROM files WHERE item_id = '{item_id}'")[0]
    sheet = up.home / "items" / item_id[:2] / item_id / "contact-sheet.jpg"
    sheet.unlink(missing_ok=True)
    up.run("nightshift", "run", str(path), "--only", "generate_thumbnails")
    assert sheet.exists()
    assert rows(count) == before


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
