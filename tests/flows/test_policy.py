"""The step contract, on a step whose work the test decides."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.runtime import flow_run

from tasks import policy
from tasks.context import RunContext
from tasks.lanes import MAX_DELAY_SECONDS, lane
from tests.waiting import PATIENCE_SECONDS, until
from utils.config import Settings, load_settings
from utils.db import ledger
from utils.db.session import session
from utils.errors import PermanentError, RetryableError, ThrottledError
from utils.models import steps
from utils.models.item import Checksum, MediaItem, MediaKind
from utils.processes import deadline

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def item(tmp_path: Path) -> MediaItem:
    return MediaItem(
        item_id="c" * 64, path=tmp_path / "x", kind=MediaKind.AUDIO, size_bytes=1, title="x"
    )


def step_that(does: Callable[..., Any]) -> Callable[..., Any]:
    """A step named generate_checksum, whose body calls ``does``."""

    def generate_checksum(context: RunContext, item: MediaItem, number: int = 0) -> Checksum:
        does()
        return Checksum(sha256=item.item_id, size_bytes=number)

    made = policy.essential_step()(generate_checksum)
    settings = load_settings()
    return partial(made, RunContext("run", "run", settings.pipeline, settings))


def fails(*errors: PermanentError | RetryableError | ThrottledError) -> Callable[..., Any]:
    """A body that raises these errors, one a call, and then succeeds."""
    left = list(errors)

    def body() -> None:
        if left:
            raise left.pop(0)

    return body


def executions(item: MediaItem) -> list[tuple[str, str, int]]:
    with session() as s:
        return [(x.step, x.status, x.executions) for x in ledger.steps_of(s, item.item_id)]


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Notes the delays instead of sleeping through them."""
    slept: list[float] = []
    monkeypatch.setattr(deadline, "pause", slept.append)
    return slept


def in_flow(function: Callable[[], Any]) -> Any:
    return flow(name="test")(function)()


def test_a_permanent_error_is_not_retried(item: MediaItem, no_waiting: list[float]) -> None:
    step = step_that(fails(PermanentError("gone"), PermanentError("gone")))
    with pytest.raises(PermanentError):
        in_flow(lambda: step(item))
    assert executions(item) == [("generate_checksum", "failed", 1)]
    assert no_waiting == []


def test_what_may_pass_is_tried_again_and_every_try_is_counted(
    item: MediaItem, no_waiting: list[float]
) -> None:
    step = step_that(fails(RetryableError("busy"), RetryableError("busy")))
    in_flow(lambda: step(item).sha256)
    assert executions(item) == [("generate_checksum", "done", 3)]
    assert len(no_waiting) == 2


def test_tries_end(item: MediaItem, no_waiting: list[float]) -> None:
    step = step_that(fails(*[RetryableError("busy")] * 9))
    with pytest.raises(RetryableError):
        in_flow(lambda: step(item))
    assert executions(item) == [("generate_checksum", "failed", 3)]


def test_a_throttled_step_waits_as_long_as_it_is_told(
    item: MediaItem, no_waiting: list[float]
) -> None:
    step = step_that(fails(ThrottledError("slow down", 17.0)))
    in_flow(lambda: step(item).sha256)
    assert no_waiting == [17.0]


def test_no_service_can_make_us_wait_for_ever(item: MediaItem, no_waiting: list[float]) -> None:
    step = step_that(fails(ThrottledError("come back next year", 1e9)))
    in_flow(lambda: step(item).sha256)
    assert no_waiting == [MAX_DELAY_SECONDS]


def test_the_lane_is_free_while_a_step_waits_for_its_next_try(
    item: MediaItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[int] = []
    row = steps.BY_NAME["generate_checksum"]
    width = lane(row.lane).free

    monkeypatch.setattr(deadline, "pause", lambda _seconds: free.append(lane(row.lane).free))
    step = step_that(fails(RetryableError("busy")))
    in_flow(lambda: step(item).sha256)
    assert free == [width]


def test_a_done_step_is_recalled_and_prefect_says_so(
    item: MediaItem, recording_server: None
) -> None:
    calls: list[int] = []
    step = step_that(lambda: calls.append(1))
    seen: dict[str, Any] = {}

    def story() -> tuple[bool, int]:
        first, second = step(item), step(item)
        seen["run"] = flow_run.id
        return (first == second, step(item, 1).size_bytes)

    assert in_flow(story) == (True, 1)
    assert len(calls) == 2
    with get_client(sync_client=True) as client:

        def states() -> list[Any]:
            # A task run's state reaches the server some time after the task has ended.
            runs = client.read_task_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[seen["run"]]))
            )
            return sorted(str(run.state_name) for run in runs)

        told = ["Completed", "Completed", "Recalled"]
        until(lambda: states() == told, "two Completed task runs and a Recalled one", every=0.2)


def test_no_more_steps_run_at_once_than_the_lane_is_wide(item: MediaItem) -> None:
    inside, peak, lock = 0, 0, threading.Lock()
    row = steps.BY_NAME["generate_checksum"]
    width = lane(row.lane).free
    barrier = threading.Event()

    def body() -> None:
        nonlocal inside, peak
        with lock:
            inside += 1
            peak = max(peak, inside)
            if inside == width:
                barrier.set()
        assert barrier.wait(PATIENCE_SECONDS)
        with lock:
            inside -= 1

    step = step_that(body)

    def story() -> None:
        threads = [threading.Thread(target=step, args=(item, n)) for n in range(width * 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    in_flow(story)
    assert peak == width


def test_every_step_of_the_table_has_a_task_and_every_lane_a_limit(settings: Settings) -> None:
    import tasks.compression
    import tasks.embedding
    import tasks.enrichment
    import tasks.extraction
    import tasks.ingestion
    import tasks.quality
    import tasks.recordings
    import tasks.signal
    import tasks.similarity
    import tasks.storage
    import tasks.subtitles
    import tasks.transcription
    import tasks.visuals
    import tasks.works

    modules = [
        tasks.compression, tasks.embedding, tasks.enrichment, tasks.extraction, tasks.ingestion,
        tasks.similarity, tasks.quality, tasks.signal, tasks.storage, tasks.subtitles,
        tasks.transcription, tasks.works, tasks.recordings, tasks.visuals,
    ]  # fmt: skip
    for name in steps.BY_NAME:
        assert any(hasattr(module, name) for module in modules), name
    assert {row.lane for row in steps.BY_NAME.values()} == set(settings.lanes.model_dump())
