"""What is admitted, held up and postponed: real disk, real flags, a clock that can be set."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.conftest import Override
from utils import clock
from utils.clock import Clock
from utils.config import Settings
from utils.db import flags
from utils.db.session import session
from utils.errors import ResourceError, RetryableError, StoppedError
from utils.models.window import parse
from utils.observability import progress
from utils.scheduling.admission import POLL_SECONDS, Admission, Limits, Need

EVENING = datetime(2026, 11, 22, 22, tzinfo=UTC)
GIB = 2**30


class Night:
    """A clock that stands still but where somebody waits; ``meanwhile`` happens as they do."""

    def __init__(self) -> None:
        self.time, self.waited = EVENING, 0.0
        self.meanwhile: deque[Callable[[], Any]] = deque()

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.waited += seconds
        if self.meanwhile:
            self.meanwhile.popleft()()

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, lambda: self.waited, self.wait)


@pytest.fixture
def night(settings: Settings) -> Iterator[Night]:
    night = Night()
    with clock.set_to(night.clock):
        yield night


def admission_of(
    works: Any, settings: Settings, needs: Any = None, concurrency: Any = 1, **limits: Any
) -> Any:
    given = {"min_free_bytes": 1, "pause_wait": 3600.0, "room_wait": 600.0, **limits}
    needs = needs or {}
    return Admission(
        works, concurrency, Limits(settings.home, **given), lambda work: needs.get(work, Need(0, 0))
    )


def through(
    admission: Admission[str],
    outcome: Callable[..., Any] = lambda work: None,
    seconds: dict[str, int] | None = None,
    night: Night | None = None,
) -> list[str]:
    """Do all that is admitted, one after another; returns it in order."""
    done = []
    for work in admission.admitted():
        done.append(work)
        if seconds:
            night.time += timedelta(seconds=seconds[work])
        admission.ended(work, outcome(work))
    return done


def test_what_fits_before_the_window_closes_is_let_in_and_the_rest_keeps_its_place(
    night: Night, settings: Settings
) -> None:
    night.time = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    needs = {"long": Need(2 * 3600, 0), "short": Need(1200, 0), "hour": Need(3600, 0)}
    shift = admission_of(list(needs), settings, needs, window=parse("22:00-06:00", "UTC"))
    seconds = {"short": 1200, "hour": 3600}
    assert through(shift, seconds=seconds, night=night) == ["short"]
    assert shift.postponed == ["long", "hour"]
    assert "did not fit before the window 22:00-06:00 (UTC) closes" in shift.reason
    assert shift.fault is None


def test_what_is_in_work_when_the_window_closes_goes_on_and_nothing_more_begins(
    night: Night, settings: Settings
) -> None:
    night.time = datetime(2026, 11, 23, 5, 59, tzinfo=UTC)
    works = ["a", "b"]
    shift = admission_of(works, settings, window=parse("22:00-06:00", "UTC"))
    assert through(shift, seconds={"a": 7200}, night=night) == ["a"]
    assert shift.postponed == ["b"]
    assert "has closed" in shift.reason


def test_a_clock_that_jumps_back_or_ahead_ends_no_wait_early_or_late(
    night: Night, settings: Settings
) -> None:
    pause()
    night.meanwhile.append(lambda: setattr(night, "time", EVENING + timedelta(days=400)))
    night.meanwhile.append(lambda: setattr(night, "time", EVENING - timedelta(days=400)))
    shift = admission_of(["a"], settings, pause_wait=60.0)
    assert through(shift) == []
    assert night.waited == 60


def pause(reason: str = "the disks are exchanged") -> None:
    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": reason})


def resume() -> None:
    with session() as s:
        flags.remove(s, flags.PAUSED)


def test_a_paused_shift_begins_nothing_says_so_and_goes_on_when_it_is_resumed(
    night: Night, settings: Settings
) -> None:
    pause()
    night.meanwhile += [lambda: None, resume]
    heard: list[Any] = []
    shift = admission_of(["a", "b"], settings)
    with progress.watching(heard.append):
        assert through(shift) == ["a", "b"]
    assert heard == [progress.Paused("paused: the disks are exchanged (`nightshift resume`)")]
    assert night.waited == 2 * POLL_SECONDS
    assert (shift.postponed, shift.reason) == ([], None)


def test_a_pause_that_nobody_ends_leaves_everything_over(night: Night, settings: Settings) -> None:
    pause()
    shift = admission_of(["a", "b"], settings, pause_wait=120.0)
    assert through(shift) == []
    assert (shift.postponed, shift.fault) == (["a", "b"], None)
    assert shift.reason.startswith("paused: the disks are exchanged")


def test_a_window_that_closes_ends_a_pause(night: Night, settings: Settings) -> None:
    night.time = datetime(2026, 11, 23, 5, 59, tzinfo=UTC)
    pause()
    shift = admission_of(["a"], settings, window=parse("22:00-06:00", "UTC"))
    assert through(shift) == []
    assert "has closed" in shift.reason
    assert night.waited == 60


def test_items_share_the_room_on_the_disk(night: Night, settings: Settings) -> None:
    """What is in work is counted before it has written anything."""
    free = free_bytes(settings)
    needs = {"a": Need(0, free // 2), "b": Need(0, free // 2), "small": Need(0, 0)}
    shift = admission_of(
        ["a", "b", "small"], settings, needs, concurrency=3, min_free_bytes=free // 8
    )
    admitted = shift.admitted()
    assert [next(admitted), next(admitted)] == ["a", "small"]
    shift.ended("small", None)
    shift.ended("a", None)
    assert next(admitted) == "b"
    shift.ended("b", None)
    assert list(admitted) == []


def free_bytes(settings: Settings) -> int:
    import shutil

    return shutil.disk_usage(settings.home).free


def test_what_the_disk_will_never_hold_is_a_fault_once_the_wait_is_over(
    night: Night, settings: Settings
) -> None:
    needs = {"huge": Need(0, 2**60), "small": Need(0, 0)}
    shift = admission_of(["huge", "small"], settings, needs)
    assert through(shift) == ["small"]
    assert shift.postponed == ["huge"]
    work, error = shift.fault
    assert work == "huge"
    assert "may need 1.0 EiB" in str(error)
    assert "NIGHTSHIFT_MIN_FREE_BYTES" in str(error)
    assert night.waited == 600


def test_a_guard_of_zero_looks_at_no_disk(night: Night, settings: Settings) -> None:
    needs = {"huge": Need(0, 2**60)}
    assert through(admission_of(["huge"], settings, needs, min_free_bytes=0)) == ["huge"]


def test_a_lack_of_room_is_waited_out_and_costs_nobody_anything(
    night: Night, settings: Settings
) -> None:
    full = iter([ResourceError("The disk is full."), None, None, None])
    shift = admission_of(["a", "b", "c"], settings)
    assert through(shift, lambda work: next(full)) == ["a", "b", "c", "a"]
    assert (shift.postponed, shift.fault, shift.reason) == ([], None, None)
    assert night.waited == POLL_SECONDS


def test_a_full_disk_stops_a_hundred_items_and_fails_none(night: Night, settings: Settings) -> None:
    lack = ResourceError("The disk is full.")
    shift = admission_of([f"item {n}" for n in range(100)], settings)
    tried = through(shift, lambda work: lack)
    assert len(tried) <= 8  # after 0, 5, 15, 35, 75 … s
    assert len(shift.postponed) == 100
    assert shift.fault[1] is lack
    assert shift.reason == "The disk is full."
    assert night.waited == 600


def test_an_item_that_asks_too_much_alone_stops_no_other(night: Night, settings: Settings) -> None:
    lack = ResourceError("Memory ran out.")
    shift = admission_of(["monster", "b", "c"], settings)
    tried = through(shift, lambda work: lack if work == "monster" else None)
    assert tried == ["monster", "b", "c", "monster"]
    assert shift.postponed == ["monster"]
    assert shift.fault == ("monster", lack)


def test_memory_that_python_could_not_get_is_a_lack_too(night: Night, settings: Settings) -> None:
    errors = iter([MemoryError(), None])
    assert through(admission_of(["a"], settings), lambda work: next(errors)) == ["a", "a"]


def test_while_there_is_a_lack_items_are_tried_alone(night: Night, settings: Settings) -> None:
    shift = admission_of(["a", "b", "c"], settings, concurrency=2)
    admitted = shift.admitted()
    assert {next(admitted), next(admitted)} == {"a", "b"}
    assert shift.ended("a", ResourceError("The disk is full."))
    assert not shift.ended("b", None)
    assert next(admitted) == "c"
    assert shift._slots == 1
    shift.ended("c", None)
    assert list_ended(shift, admitted) == ["a"]


def list_ended(shift: Admission[str], admitted: Iterator[Any]) -> list[str]:
    found = []
    for work in admitted:
        found.append(work)
        shift.ended(work, None)
    return found


def test_an_ordinary_failure_is_the_callers_and_holds_nobody_up(
    night: Night, settings: Settings
) -> None:
    shift = admission_of(["a", "b"], settings)
    kept = []
    for work in shift.admitted():
        kept.append(shift.ended(work, RetryableError("no luck")))
    assert kept == [False, False]
    assert night.waited == 0


def test_a_stopped_run_begins_nothing_more(night: Night, settings: Settings) -> None:
    shift = admission_of(["a", "b"], settings)
    assert through(shift, lambda work: StoppedError("Ctrl-C")) == ["a"]
    assert shift.postponed == ["b"]


def test_a_database_that_does_not_answer_pauses_nothing(
    night: Night, settings: Settings, postgres: str, postgres_url: str, override: Override
) -> None:
    override(database_url=SecretStr(postgres_url))
    pause()
    name = make_url(postgres_url).database
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    assert through(admission_of(["a"], settings)) == ["a"]


def test_an_item_may_end_while_the_room_of_those_in_work_is_added_up(settings: Settings) -> None:
    """It ends in its own thread, just when another is asked for its size."""

    class Ending:
        """What an item needs; asked for its size, it has another item end meanwhile."""

        seconds = 0.0

        @property
        def size_bytes(self) -> Any:
            if threads:
                return 1
            threads.append(threading.Thread(target=shift.ended, args=("b", None)))
            threads[0].start()
            threads[0].join(0.2)  # with the sum unguarded it is through by then
            return 1

    threads: list[threading.Thread] = []
    needs = {"a": Need(0, 1), "b": Need(0, 1), "c": Need(0, 1)}
    shift = admission_of(["a", "b", "c"], settings, needs, concurrency=3)
    admitted = shift.admitted()
    assert [next(admitted), next(admitted)] == ["a", "b"]
    shift._in_work["a"] = Ending()
    assert next(admitted) == "c"
    threads[0].join()
    assert set(shift._in_work) == {"a", "c"}
