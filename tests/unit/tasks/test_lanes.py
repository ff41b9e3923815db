"""Lanes: places, rests that a service asked for, here and in other processes."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.lanes import MAX_DELAY_SECONDS, Lane
from utils.config import load_settings
from utils.db import throttles
from utils.db.session import engine, session
from utils.errors import PermanentError, RetryableError, StoppedError, ThrottledError
from utils.processes import child_process, deadline


def throttled(lane, seconds=None):
    with pytest.raises(ThrottledError), lane:
        raise ThrottledError("slow down", seconds)


def passed(lane):
    """Seconds until a step of the lane could begin."""
    started = time.monotonic()
    with lane:
        return time.monotonic() - started


def rest(name="ai"):
    with session() as s:
        return throttles.cooldown(s, name)


def test_nothing_of_a_throttled_lane_begins_before_the_delay_is_over():
    lane = Lane("ai", 4)
    throttled(lane, 0.6)
    with ThreadPoolExecutor(4) as threads:
        waited = list(threads.map(passed, [lane] * 4))
    assert min(waited) > 0.5


def test_a_step_that_was_waiting_for_its_place_waits_for_the_rest_too():
    lane, began = Lane("ai", 1), threading.Event()

    def next_step():
        began.set()
        return passed(lane)

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(ThrottledError), lane:
            waiting = threads.submit(next_step)
            began.wait(10)
            raise ThrottledError("slow down", 0.6)
        assert waiting.result(10) > 0.5


def test_who_waits_holds_no_place():
    lane = Lane("ai", 2)
    throttled(lane, 0.5)
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(passed, lane) for _ in range(3)]
        assert lane._taken == 0
        assert all(one.result(10) for one in waiting)
    assert lane.free == 2


def test_a_lane_without_a_service_never_rests_and_never_asks_the_database():
    lane = Lane("compress", 1)
    throttled(lane, 100)
    assert passed(lane) < 0.1
    assert not (load_settings().home / "nightshift.db").exists()


def test_the_lane_goes_on_with_half_its_places_and_wins_them_back():
    lane = Lane("download", 8)
    with ThreadPoolExecutor(2) as threads:  # throttled together: that is one throttle
        both = threading.Barrier(2)

        def step():
            with pytest.raises(ThrottledError), lane:
                both.wait(10)
                raise ThrottledError("slow down", 0.05)

        for one in [threads.submit(step), threads.submit(step)]:
            one.result(10)
    passed(lane)
    assert lane.free == 5  # half of eight, and one for the step that passed
    throttled(lane, 0.01)
    passed(lane)
    assert lane.free == 3
    for _ in range(9):
        passed(lane)
    assert lane.free == 8


def test_without_a_named_delay_rests_double_until_a_step_passes():
    lane = Lane("ai", 1)
    throttled(lane)
    assert 0.7 < rest() <= 1
    throttled(lane)  # after the first rest
    assert 1.7 < rest() <= 2
    assert passed(lane) > 1.7
    throttled(lane)
    assert 0.7 < rest() <= 1


def test_no_service_can_make_a_lane_rest_for_ever():
    throttled(Lane("ai", 1), 1e9)
    assert MAX_DELAY_SECONDS - 1 < rest() <= MAX_DELAY_SECONDS


def test_other_errors_slow_nothing():
    lane = Lane("ai", 1)
    for error in (RetryableError("busy"), PermanentError("gone"), StoppedError("over")):
        with pytest.raises(type(error)), lane:
            raise error
    assert passed(lane) < 0.2
    assert lane.free == 1


def test_another_process_with_the_same_database_rests_too(database):
    engine(load_settings())
    program = (
        "import json, time; from tasks.lanes import lane\n"
        "print('ready', flush=True); input(); started = time.monotonic()\n"
        "with lane('ai'): print(json.dumps(time.monotonic() - started))"
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
        throttled(Lane("ai", 1), 1.5)
        waited = json.loads(other.communicate("\n", timeout=60)[0])
    assert 1.0 < waited < 2.5


def test_a_longer_rest_is_not_cut_short_by_a_shorter_one(database):
    with session() as s:
        throttles.throttle(s, "ai", 60, "the day's quota")
        throttles.throttle(s, "ai", 1, "a burst")
    assert rest() > 50
    with session() as s:
        throttles.throttle(s, "ai", 90, "longer yet")
    assert rest() > 80


def test_a_clock_that_jumps_makes_nobody_wait_for_longer_than_the_limit(database):
    with session() as s:
        throttles.throttle(s, "ai", 10 * 365 * 86400, "set before the clock was put right")
    assert Lane("ai", 1)._shared_cooldown() == MAX_DELAY_SECONDS


def test_the_end_of_the_run_ends_every_wait(monkeypatch):
    monkeypatch.setattr(deadline, "stopping", threading.Event())
    lane = Lane("ai", 1)
    throttled(lane, 60)
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(passed, lane), threads.submit(deadline.pause, 60)]
        child_process.end_all()
        for one in waiting:
            with pytest.raises(StoppedError, match="Run again"):
                one.result(5)
    assert lane._taken == 0
