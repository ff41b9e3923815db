"""A flow with many short tasks of which two may run at once: `python -m benchmarks.limited`.

As a step (its lane, its tag, its ledger) or as a task that has a tag and nothing else.
"""

from __future__ import annotations

import sys
import threading
import time

from tasks.tags import lane_tag
from utils.config import load_settings
from utils.processes.prefect_environment import prepare_prefect
from utils.storage import home

home.prepare(load_settings())
prepare_prefect(load_settings(), log_level="ERROR")

from prefect import flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.orchestration import get_client  # noqa: E402
from prefect.futures import wait  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

from tasks.context import RunContext  # noqa: E402
from tasks.policy import step  # noqa: E402
from utils.models.base import Frozen  # noqa: E402
from utils.models.steps import BY_NAME  # noqa: E402

LIMIT = 2
# Items in work at once: more than the lane is wide, so that most of them wait.
THREADS = 8
_running: list[int] = []
_peaks: list[int] = []
_noting = threading.Lock()


class Napped(Frozen):
    """What a nap comes to."""

    seconds: float


class Napper(Frozen):
    """What a step needs of an item."""

    item_id: str


def nap(seconds: float) -> None:
    with _noting:
        _running.append(1)
        _peaks.append(len(_running))
    time.sleep(seconds)
    with _noting:
        _running.pop()


@step()
def compress_audio(context: RunContext, item: Napper, seconds: float) -> Napped:
    """A nap under the name of a step: the table of steps gives it lane and tag."""
    nap(seconds)
    return Napped(seconds=seconds)


LANE = BY_NAME["compress_audio"].lane
TAG = lane_tag(LANE)


@task(cache_policy=NO_CACHE, persist_result=False)
def as_step(number: int, seconds: float) -> None:
    """One item of a shift."""
    settings = load_settings()
    context = RunContext("run", "run", settings.pipeline, settings)
    compress_audio(context, Napper(item_id=f"{number:064x}"), seconds)


@task(cache_policy=NO_CACHE, persist_result=False, tags=[TAG])
def as_tagged(number: int, seconds: float) -> None:
    """What people write who trust in the tag alone."""
    nap(seconds)


# Prefect wants a runner of futures of anything, and has none of its own that mypy takes for one.
@flow(task_runner=ThreadPoolTaskRunner(max_workers=THREADS))  # type: ignore[arg-type]
def naps(way: str, count: int, seconds: float) -> float:
    mapped = as_step if way == "step" else as_tagged
    started = time.perf_counter()
    wait(list(mapped.map(range(count), [seconds] * count)))
    return time.perf_counter() - started


if __name__ == "__main__":
    assert getattr(load_settings().lanes, LANE) == LIMIT
    with get_client(sync_client=True) as client:
        client.create_concurrency_limit(tag=TAG, concurrency_limit=LIMIT)
    took = naps(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    assert max(_peaks) <= LIMIT, f"{max(_peaks)} at once"
    assert len(_peaks) == int(sys.argv[2]), "not all of them ran"
    print(took)
