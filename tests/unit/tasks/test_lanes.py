"""Lanes: places, rests that a service asked for, here and in other processes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tasks.lanes import MAX_DELAY_SECONDS, Lane
from tests.waiting import PATIENCE_SECONDS
from utils import clock
from utils.config import load_settings
from utils.db import flags, throttles
from utils.db.session import engine, session
from utils.errors import PermanentError, RetryableError, StoppedError, ThrottledError
from utils.processes import child_process, deadline


@pytest.fixture
def no_wait() -> Iterator[None]:
    """Whoever waits has waited at once: the clock is put on by as much."""
    ahead = 0.0

    def wait(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    quick = clock.Clock(
        lambda: datetime.now(UTC) + timedelta(seconds=ahead),
        lambda: time.monotonic() + ahead,
        wait,
    )
    with clock.set_to(quick):
        yield


def throttled(lane: Lane, seconds: float | None = None) -> float:
    """Have a step of the lane throttled; returns the moment before."""
    before = clock.monotonic()
    with pytest.raises(ThrottledError), lane:
        before = clock.monotonic()
        raise ThrottledError("slow down", seconds)
    return before


def passed(lane: Lane) -> float:
    """The moment at which a step of the lane could begin."""
    with lane:
        return clock.monotonic()


class Between(NamedTuple):
    """A number of seconds that lies between two that were measured around it."""

    low: float
    high: float

    def is_about(self, seconds: float) -> bool:
        """True if it may be this number; the measure ends a little early."""
        return self.low <= seconds <= self.high + 0.1


def rested(lane: Lane, seconds: float | None = None, name: str = "ai") -> Between:
    """Have the lane throttled; for how long it rests by what the database was told."""
    before = throttled(lane, seconds)
    with session() as s:
        until = datetime.fromisoformat(flags.get(s, throttles.PREFIX + name).value["until"])
    left, passed = (until - clock.now()).total_seconds(), clock.monotonic() - before
    return Between(left, left + passed)


def rest(name: str = "ai") -> float:
    with session() as s:
        return throttles.cooldown(s, name)


def test_nothing_of_a_throttled_lane_begins_before_the_delay_is_over() -> None:
    lane = Lane("ai", 4)
    before = throttled(lane, 0.6)
    with ThreadPoolExecutor(4) as threads:
        began = list(threads.map(passed, [lane] * 4))
    assert min(began) - before >= 0.6


def test_a_step_that_was_waiting_for_its_place_waits_for_the_rest_too() -> None:
    lane, began = Lane("ai", 1), threading.Event()

    def next_step() -> float:
        began.set()
        return passed(lane)

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(ThrottledError), lane:
            waiting = threads.submit(next_step)
            assert began.wait(PATIENCE_SECONDS)
            before = time.monotonic()
            raise ThrottledError("slow down", 0.6)
        assert waiting.result(PATIENCE_SECONDS) - before >= 0.6


def test_who_waits_holds_no_place() -> None:
    lane = Lane("ai", 2)
    before = throttled(lane, 0.6)
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(passed, lane) for _ in range(3)]
        taken, seen = lane._taken, time.monotonic()
        assert taken == 0 or seen - before >= 0.6
        assert all(one.result(PATIENCE_SECONDS) for one in waiting)
    assert lane.free == 2


@pytest.mark.empty_home
def test_a_lane_without_a_service_never_rests_and_never_asks_the_database() -> None:
    lane = Lane("compress", 1)
    before = throttled(lane, 300)
    assert passed(lane) - before < 100
    assert not (load_settings().home / "nightshift.db").exists()


def test_the_lane_goes_on_with_half_its_places_and_wins_them_back() -> None:
    lane = Lane("download", 8)
    with ThreadPoolExecutor(2) as threads:  # throttled together: that is one throttle
        both = threading.Barrier(2)

        def step() -> None:
            with pytest.raises(ThrottledError), lane:
                both.wait(PATIENCE_SECONDS)
                raise ThrottledError("slow down", 0.05)

        for one in [threads.submit(step), threads.submit(step)]:
            one.result(PATIENCE_SECONDS)
    passed(lane)
    assert lane.free == 5  # half of eight, and one for the step that passed
    throttled(lane, 0.01)
    passed(lane)
    assert lane.free == 3
    for _ in range(9):
        passed(lane)
    assert lane.free == 8


def test_without_a_named_delay_rests_double_until_a_step_passes(no_wait: None) -> None:
    lane = Lane("ai", 1)
    assert rested(lane).is_about(1)
    assert rested(lane).is_about(2)  # after the first rest
    passed(lane)
    assert rested(lane).is_about(1)


def test_no_service_can_make_a_lane_rest_for_ever() -> None:
    assert rested(Lane("ai", 1), 1e9).is_about(MAX_DELAY_SECONDS)


def test_other_errors_slow_nothing() -> None:
    lane = Lane("ai", 1)
    for error in (RetryableError("busy"), PermanentError("gone"), StoppedError("over")):
        with pytest.raises(type(error)), lane:
            raise error
    assert (lane.free, rest()) == (1, 0)


def test_another_process_with_the_same_database_rests_too(database: str) -> None:
    engine(load_settings())
    program = (
        "import time; from tasks.lanes import lane\n"
        "print('ready', flush=True); input()\n"
        "with lane('ai'): print(time.monotonic())"  # the machine's: all processes have the same
    )
    environment = {
        **os.environ,
        "NIGHTSHIFT_HOME": str(load_settings().home),
        "NIGHTSHIFT_DATABASE_URL": load_settings().sqlalchemy_url,
    }
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "ready\n"
        before = throttled(Lane("ai", 1), 0.8)
        began = float(other.communicate("\n", timeout=PATIENCE_SECONDS)[0])
    assert began - before >= 0.7  # its rest is written down a moment after ours began


def test_a_longer_rest_is_not_cut_short_by_a_shorter_one(database: str) -> None:
    with session() as s:
        throttles.throttle(s, "ai", 60, "the day's quota")
        throttles.throttle(s, "ai", 1, "a burst")
    assert rest() > 50
    with session() as s:
        throttles.throttle(s, "ai", 90, "longer yet")
    assert rest() > 80


def test_a_clock_that_jumps_makes_nobody_wait_for_longer_than_the_limit(database: str) -> None:
    with session() as s:
        throttles.throttle(s, "ai", 10 * 365 * 86400, "set before the clock was put right")
    assert Lane("ai", 1)._shared_cooldown() == MAX_DELAY_SECONDS


def test_the_end_of_the_run_ends_every_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "stopping", threading.Event())
    lane = Lane("ai", 1)
    throttled(lane, 60)
    with ThreadPoolExecutor(2) as threads:
        waiting: list[Future[Any]] = [
            threads.submit(passed, lane),
            threads.submit(deadline.pause, 60),
        ]
        child_process.end_all()
        for one in waiting:
            with pytest.raises(StoppedError, match="Run again"):
                one.result(PATIENCE_SECONDS)
    assert lane._taken == 0
