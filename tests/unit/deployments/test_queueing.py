"""Jobs at Prefect: one flow run for the same work, in the queue of its priority."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from deployments import queueing
from deployments.queueing import JobServer
from tests.servers.loopback import Answer, Asked, serving
from tests.servers.prefect_jobs import Jobs, serving_jobs
from utils import clock
from utils.db import jobs as table
from utils.db.session import session
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.models import job as models
from utils.models.job import CropBounds, Job, JobKind, JobStatus, Priority
from utils.processes.prefect_environment import PrefectApi

FULL, NOW, LATER = JobKind.FULL_FRAMES, Priority.INTERACTIVE, Priority.BACKGROUND


def job(kind: JobKind = FULL, video_id: str = "v", **more: object) -> Job:
    given = {"video_path": Path("/v.mp4"), "db_path": Path("/v.db"), "output_dir": Path("/out")}
    return models.of(kind, video_id=video_id, **given, **more)


def connect(url: str) -> JobServer:
    return JobServer(PrefectApi(f"{url}/api", SecretStr("user:word")))


@pytest.fixture
def prefect() -> Iterator[tuple[JobServer, Jobs]]:
    with serving_jobs() as (server, jobs):
        yield connect(server.url), jobs


def status(run: str) -> tuple[str, str | None]:
    with session() as s:
        row = table.find(s, run)
        return row.status, row.error


def test_a_job_is_a_flow_run_in_the_queue_of_its_priority(
    prefect: tuple[JobServer, Jobs], database: str
) -> None:
    server, jobs = prefect
    queued = server.queue(job(), LATER)
    run = jobs.runs[queued.flow_run_id]
    assert (queued.priority, queued.joined) == (LATER, False)
    assert run["work_queue_name"] == "background"
    assert run["parameters"] == {"video_id": "v", "video_path": "/v.mp4", "db_path": "/v.db",
                                 "output_dir": "/out", "frame_rate": 0.1}  # fmt: skip


def test_the_same_job_is_joined_until_it_is_over(
    prefect: tuple[JobServer, Jobs], database: str
) -> None:
    server, jobs = prefect
    first = server.queue(job(), LATER).flow_run_id
    assert server.queue(job(), NOW) == (first, LATER, True)
    cut = CropBounds(left=0, top=0, right=9, bottom=9)
    others = {
        server.queue(one, NOW).flow_run_id
        for one in (job(video_id="w"), job(frame_rate=1), job(JobKind.CROP_FRAMES, crop_bounds=cut))
    }
    assert len({first, *others}) == 4
    jobs.end(first, "FAILED", "It broke.")
    again = server.queue(job(), NOW)
    assert again.flow_run_id != first and not again.joined
    assert status(first) == ("failed", "It broke.")
    del jobs.runs[again.flow_run_id]
    assert server.queue(job(), NOW).flow_run_id not in {first, again.flow_run_id}
    assert status(again.flow_run_id)[0] == "failed"


def test_who_was_cut_off_between_the_two_gets_the_same_run(
    prefect: tuple[JobServer, Jobs],
) -> None:
    server, jobs = prefect
    with session() as s:
        taken = table.take(s, job(), NOW)
    queued = server.queue(job(), NOW)
    assert jobs.by_key == {f"nightshift-{taken.id}": queued.flow_run_id}


def test_what_is_refused_leaves_no_job(prefect: tuple[JobServer, Jobs]) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/api/deployments/name"):
            return Answer.of_json({"id": "1", "work_pool_name": "x"})
        return Answer.of_json({"detail": "no such parameter"}, 409)

    with serving(answer) as refusing, pytest.raises(PermanentError, match="no such parameter"):
        connect(refusing.url).queue(job(), NOW)
    server, jobs = prefect
    server.queue(job(), NOW)
    assert len(jobs.runs) == 1


def answering(code: int, _asked: Asked) -> Answer:
    return Answer.of_json({}, code)


def test_a_server_that_is_busy_is_asked_again(prefect: tuple[JobServer, Jobs]) -> None:
    refused: list[str] = []

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("create_flow_run") and len(refused) < 2:
            refused.append(asked.path)
            return Answer.of_json({}, 503)
        return prefect[1].answer(asked)

    with serving(answer) as busy:
        assert connect(busy.url).queue(job(), NOW).flow_run_id in prefect[1].runs
    assert len(refused) == 2 and len(prefect[1].runs) == 1


def test_a_server_that_is_away_or_knows_nothing_is_said_so() -> None:
    with pytest.raises(RetryableError, match="does not answer"):
        connect("http://127.0.0.1:9").queue(job(), NOW)
    for code, error, why in (
        (404, SettingsError, "nightshift deploy"), (401, SettingsError, "password"),
        (500, RetryableError, "500"),
    ):  # fmt: skip
        with serving(partial(answering, code)) as wrong, pytest.raises(error, match=why):
            connect(wrong.url).queue(job(), NOW)
    with serving(lambda _: Answer(200, b"<html>")) as page, pytest.raises(RetryableError):
        connect(page.url).queue(job(), NOW)


def test_what_is_served_without_a_pool_has_a_deployment_for_each_priority() -> None:
    with serving_jobs(pool=None) as (server, jobs):
        connected = connect(server.url)
        runs = [jobs.runs[connected.queue(job(video_id=str(p)), p).flow_run_id] for p in Priority]
        assert [run["deployment"] for run in runs] == [
            jobs.deployments[f"full-frames/{name}"]["id"]
            for name in ("full-frames", "full-frames-background")
        ]
        assert not any("work_queue_name" in run for run in runs)


def test_a_job_whose_process_is_gone_is_scheduled_again(prefect: tuple[JobServer, Jobs]) -> None:
    server, jobs = prefect
    runs = [server.queue(job(video_id=name), NOW).flow_run_id for name in "abcd"]
    long_ago, now_ = "2020-01-01T00:00:00+00:00", clock.now().isoformat()
    for run, kind, since in zip(
        runs, ("RUNNING", "RUNNING", "PENDING", "SCHEDULED"),
        (long_ago, long_ago, now_, long_ago), strict=True,
    ):  # fmt: skip
        jobs.runs[run]["state"] = {"type": kind, "message": None, "timestamp": since}
    with session() as s:
        table.begin(s, runs[1], job(video_id="b"))  # it beats
    assert queueing.revive(server) == [runs[0]]
    assert jobs.runs[runs[0]]["state"]["type"] == "SCHEDULED"


def test_a_job_is_cancelled_at_once_while_it_waits(prefect: tuple[JobServer, Jobs]) -> None:
    server, jobs = prefect
    waiting, running = (server.queue(job(video_id=name), NOW).flow_run_id for name in "ab")
    jobs.end(running, "RUNNING")
    for run in (waiting, running):
        server.cancel(run)
    assert [jobs.runs[run]["state"]["type"] for run in (waiting, running)] == [
        "CANCELLED", "CANCELLING",
    ]  # fmt: skip
    server.cancel(waiting)


def test_a_job_tells_its_tries_and_its_end(settings: object, database: str) -> None:
    run = "00000000-0000-0000-0000-000000000001"
    with session() as s:
        assert table.begin(s, run, job()) == 1
        table.beat(s, run, 0.4)
        table.note_error(s, run, "The disk was away.")
    with session() as s:
        assert table.begin(s, run, job()) == 2
        told = table.record(table.find(s, run))
        assert (told.progress, told.error, told.status) == (0.4, None, JobStatus.RUNNING)
        assert table.end(s, run, JobStatus.COMPLETED)
        assert not table.end(s, run, JobStatus.FAILED, "too late")
    with session() as s:
        told = table.record(table.find(s, run))
        assert (told.status, told.progress, told.attempts) == (JobStatus.COMPLETED, 1.0, 2)
        assert json.loads(told.model_dump_json())["ended_at"]
