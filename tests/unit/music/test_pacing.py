"""All workers of all machines together ask a service no more often than it allows."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from tests.paths import PROJECT
from tests.servers import musicbrainz as server
from utils.config import load_settings
from utils.db import request_slots
from utils.db.request_tables import RequestSlot
from utils.db.session import session
from utils.errors import StoppedError
from utils.music import pacing
from utils.music.pacing import Pace
from utils.processes import deadline

PER_SECOND = 20.0
# What another process does: it waits for its turn, and asks.
ASKS = """
import sys, urllib.request
from utils.music.pacing import Pace, await_turn
url, count = sys.argv[1], int(sys.argv[2])
asked = urllib.request.Request(url, headers={"User-Agent": "a test"})
for _ in range(count):
    await_turn(Pace("musicbrainz", float(sys.argv[3])))
    urllib.request.urlopen(asked).read()
"""


def test_processes_together_never_ask_more_often_than_is_allowed(database: str) -> None:
    settings = load_settings()
    env = {**os.environ, "NIGHTSHIFT_HOME": str(settings.home)}
    if settings.database_url:
        env["NIGHTSHIFT_DATABASE_URL"] = settings.database_url.get_secret_value()
    with server.musicbrainz() as running:
        artist = running.catalogue.artist("Somebody")
        url = f"{running.url}/artist/{artist}?fmt=json"
        command = [sys.executable, "-c", ASKS, url, "12", str(PER_SECOND)]
        begun = [subprocess.Popen(command, env=env, cwd=PROJECT) for _ in range(3)]
        assert [one.wait(120) for one in begun] == [0, 0, 0]
        assert len(running.moments) == 36
        came = sorted(running.moments)
        assert 35 / (came[-1] - came[0]) <= PER_SECOND
        assert running.most_in(1.0) <= PER_SECOND + 1  # one may be late on a busy machine


def test_slots_are_as_far_apart_as_was_asked_for_whoever_takes_them(database: str) -> None:
    taken: list[float] = []

    def take() -> None:
        for _ in range(5):
            with session() as s:
                wait = request_slots.take(s, "it", 10.0)
                taken.append(time.monotonic() + wait)

    with session() as s:  # the engine is made once
        request_slots.hold(s, "it", 0.0)
    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    gaps = [after - before for before, after in pairwise(sorted(taken))]
    assert len(gaps) == 19
    assert min(gaps) > 5 and max(gaps) < 15


def test_services_have_slots_of_their_own(database: str) -> None:
    with session() as s:
        assert request_slots.take(s, "one", 60.0) < 1
        assert request_slots.take(s, "other", 60.0) < 1
        assert 58 < request_slots.take(s, "one", 60.0) <= 60


def test_a_slot_that_nobody_used_is_not_used_twice_later(database: str) -> None:
    """After a rest the rate is the same: what was not asked for then is no credit."""
    with session() as s:
        request_slots.take(s, "it", 0.001)
    time.sleep(0.01)
    with session() as s:
        assert request_slots.take(s, "it", 5.0) == 0
        assert request_slots.take(s, "it", 5.0) > 4


def test_a_service_that_refuses_is_left_alone_by_all(database: str) -> None:
    with session() as s:
        request_slots.hold(s, "it", 60.0)
        assert 59 < request_slots.take(s, "it", 1.0) <= 60
        request_slots.hold(s, "it", 5.0)
        assert 60 < request_slots.take(s, "it", 1.0) <= 62


def test_no_hold_lasts_longer_than_half_an_hour(database: str) -> None:
    with session() as s:
        request_slots.hold(s, "it", 10**9)
        assert request_slots.take(s, "it", 1.0) <= request_slots.MAX_HOLD_SECONDS


def test_a_clock_that_was_set_back_stops_nobody(database: str) -> None:
    with session() as s:
        ahead = round((time.time() + 86400) * 1e6)
        s.merge(RequestSlot(service="it", next_us=ahead))
        s.flush()
        assert request_slots.take(s, "it", 1.0) < 1


def test_a_refusal_without_a_delay_waits_longer_each_time() -> None:
    pace = Pace("it", 10.0)
    assert [pacing.hold(pace, None, tries) for tries in (0, 1, 2)] == [0.5, 1.0, 2.0]
    assert pacing.hold(pace, 0.0, 0) == 0.5
    assert pacing.hold(pace, 7.0, 0) == 7.0


def test_a_slot_behind_the_end_is_not_waited_for() -> None:
    pace = Pace("it", 0.01)
    assert pacing.await_turn(pace)
    begun = time.monotonic()
    assert not pacing.await_turn(pace, begun + 1)
    assert time.monotonic() - begun < 5


def test_the_end_of_the_process_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace("it", 0.01)
    assert pacing.await_turn(pace)
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(deadline, "stopping", stopping)
    with pytest.raises(StoppedError):
        pacing.await_turn(pace)
