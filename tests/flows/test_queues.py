"""Who is served first: what a person waits for, before jobs and nights that were queued earlier."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from anyio.abc import TaskStatus
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.workers.process import ProcessWorker, ProcessWorkerResult

from deployments import queueing, register
from deployments.services import JOBS, JOBS_AT_ONCE
from tests.conftest import Override
from utils.config import load_settings
from utils.models.job import Job, JobKind, Priority

BEFORE = 5
_SHIFT = f"shift-{uuid.uuid4().hex[:6]}"


class _Recording(ProcessWorker):
    """A worker that notes what it starts, in place of a process, until it is told to end."""

    def __init__(self, **given: Any) -> None:
        super().__init__(work_pool_name=load_settings().work_pool, **given)
        self.started: list[uuid.UUID] = []
        self.end = asyncio.Event()

    async def run(
        self, flow_run: FlowRun, configuration: Any, task_status: TaskStatus[Any] | None = None
    ) -> ProcessWorkerResult:
        """Note it."""
        self.started.append(flow_run.id)
        if task_status is not None:
            task_status.started(0)
        await self.end.wait()
        return ProcessWorkerResult(status_code=0, identifier="0")


@pytest.fixture
def client(prefect_server: str, override: Override) -> Iterator[SyncPrefectClient]:
    """A server with a pool of our own, its queues, and deployments of nights and of jobs."""
    pool = f"pool-{uuid.uuid4().hex[:6]}"
    override(prefect_api_url=prefect_server, work_pool=pool)
    with (
        temporary_settings({PREFECT_API_URL: prefect_server}),
        get_client(sync_client=True) as client,
    ):
        register.work_queues(client, pool)
        made = [_deployed(client, "shift", _SHIFT, "default"),
                _deployed(client, "full-frames", "full-frames", "interactive")]  # fmt: skip
        yield client
        for one in made:
            client.delete_deployment(one)


def _deployed(client: SyncPrefectClient, flow: str, name: str, queue: str) -> uuid.UUID:
    return client.create_deployment(
        client.create_flow_from_name(flow), name, work_pool_name=load_settings().work_pool,
        work_queue_name=queue, path="/", entrypoint="flows/shift.py:shift",
    )  # fmt: skip


def _started(
    queues: Sequence[str], places: int, then: Callable[[], object] | None = None
) -> list[uuid.UUID]:
    """What a worker of these queues starts first, with so many places; the rest after ``then``."""

    async def work() -> list[uuid.UUID]:
        worker = _Recording(work_queues=list(queues), limit=places)
        async with worker:
            await worker.sync_with_backend()
            for happens in filter(None, (then, lambda: None)):
                wanted = len(await worker.get_and_submit_flow_runs()) + len(worker.started)
                while len(worker.started) < wanted:
                    await asyncio.sleep(0.02)
                await asyncio.to_thread(happens)
            worker.end.set()
        return worker.started

    return asyncio.run(asyncio.wait_for(work(), 60))


def _queue_jobs(number: int, priority: Priority) -> list[str]:
    """So many jobs, each on a video of its own."""
    server = queueing.connected(load_settings())
    jobs = [
        Job(kind=JobKind.FULL_FRAMES, video_id=uuid.uuid4().hex, video_path=Path("/x/v.mp4"),
            db_path=Path(f"/x/{uuid.uuid4().hex}.db"), output_dir=Path("/x/out"), frame_rate=0.1)
        for _ in range(number)
    ]  # fmt: skip
    return [server.queue(job, priority).flow_run_id for job in jobs]


def _queues_of(command: Sequence[str]) -> list[str]:
    return [name for before, name in pairwise(command) if before == "--work-queue"]


@pytest.mark.parametrize("queues", [_queues_of(JOBS.command), []], ids=["of jobs", "of all"])
def test_what_somebody_waits_for_starts_before_all_that_was_queued_earlier(
    client: SyncPrefectClient, queues: list[str]
) -> None:
    (shift,) = [one for one in client.read_deployments() if one.name == _SHIFT]
    for _ in range(BEFORE):
        client.create_flow_run_from_deployment(shift.id)
    _queue_jobs(BEFORE, Priority.BACKGROUND)
    (wanted,) = _queue_jobs(1, Priority.INTERACTIVE)
    assert [str(one) for one in _started(queues, 1)] == [wanted]


def test_of_the_places_for_jobs_one_is_left_for_what_somebody_waits_for(
    client: SyncPrefectClient,
) -> None:
    background = _queue_jobs(BEFORE, Priority.BACKGROUND)
    later: list[str] = []
    started = _started(
        _queues_of(JOBS.command), JOBS_AT_ONCE,
        lambda: later.extend(_queue_jobs(1, Priority.INTERACTIVE)),
    )  # fmt: skip
    assert [str(one) for one in started] == [background[0], *later]
