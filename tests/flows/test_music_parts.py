"""The parts of a night of music: at once, each with its limit, and none stops the others."""

import threading
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from subflows.enrichment_coordination import coordinate, parts
from subflows.music_parts import Part
from utils.config import load_settings
from utils.db import leases, music_runs, workers
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.music import Outcome, SubflowResult
from utils.processes import deadline
from utils.scheduling import music_session

pytestmark = pytest.mark.usefixtures("prefect_server")
LONG = 30.0  # what never passes in a test that passes


def part(name: str, body: Any, seconds: float = LONG, **given: Any) -> Part:
    def run(**given: Any) -> SubflowResult:
        status = body(**given) or Outcome.SUCCESS
        return SubflowResult(name=name, status=status, metrics={"new": 1})

    return Part(flow(name=name)(run), seconds, "spotify_timeout", given)


def opened() -> str:
    with session() as s:
        return music_runs.begin(s, "daily-etl")


def noted(run_id: str) -> dict[str, SubflowResult]:
    with session() as s:
        return {one.name: one for one in music_runs.results(s, run_id)}


def test_all_parts_are_at_work_at_once() -> None:
    together = threading.Barrier(3)

    def meet() -> None:
        together.wait(LONG)  # raises in all if one of them does not come

    run = opened()
    found = coordinate(run, [part(name, meet) for name in ("a", "b", "c")])
    assert found.status is Outcome.SUCCESS, found.errors
    assert set(noted(run)) == {"a", "b", "c"}
    assert found.metrics["slowest_seconds"] == max(one.seconds for one in noted(run).values())
    assert found.seconds >= found.metrics["slowest_seconds"]


def test_a_follower_hears_of_the_end_of_whom_it_follows_while_it_works() -> None:
    run, begun = opened(), threading.Event()

    def lead() -> None:
        assert begun.wait(LONG)

    def follow() -> None:
        begun.set()
        for _ in range(1000):
            with session() as s:
                if music_runs.has(s, run, "lead"):
                    return
            deadline.pause(0.02)
        raise RetryableError("it was never told")

    found = coordinate(run, [part("lead", lead), part("follow", follow)])
    assert found.status is Outcome.SUCCESS, found.errors


def test_what_breaks_off_is_one_failure_with_its_class_and_the_others_go_on() -> None:
    def refuse() -> None:
        raise RetryableError("The service rests. Run again.")

    def crash() -> None:
        raise SystemExit("a library that ends its process")

    run = opened()
    parts = [part("refused", refuse), part("crashed", crash), part("good", lambda: None)]
    found = coordinate(run, parts)
    assert found.status is Outcome.PARTIAL
    assert (found.metrics["failed"], found.metrics["success"]) == (2, 1)
    told = noted(run)
    assert told["good"].status is Outcome.SUCCESS
    (refused,), (crashed,) = told["refused"].errors, told["crashed"].errors
    assert (refused.error_class, refused.message) == (
        "RetryableError", "The service rests. Run again.",
    )  # fmt: skip
    assert crashed.error_class == "SystemExit"
    assert "ends its process" not in crashed.message  # texts of others may hold secrets


def test_one_that_takes_too_long_has_failed_and_is_told_to_end() -> None:
    ended = threading.Event()

    def hang() -> None:
        try:
            while True:
                deadline.check("a request")
                deadline.pause(0.02)
        finally:
            ended.set()

    run = opened()
    found = coordinate(run, [part("hung", hang, seconds=0.3), part("good", lambda: None)])
    assert ended.wait(LONG)
    assert found.status is Outcome.PARTIAL
    (fault,) = noted(run)["hung"].errors
    assert fault.error_class == "TimeoutError"
    assert "NIGHTSHIFT_MUSIC__SPOTIFY_TIMEOUT" in fault.message


def test_each_of_the_three_has_the_time_limit_of_its_settings_and_follows_the_run() -> None:
    music = load_settings().music
    found = {one.flow.name: one for one in parts(music, "r1")}
    assert list(found) == ["spotify-enrichment", "musicbrainz-enrichment", "geographic-enrichment"]
    limits = [music.spotify_timeout, music.musicbrainz_timeout, music.default_timeout]
    assert [one.seconds for one in found.values()] == limits
    assert [dict(one.given) for one in found.values()] == [{}, {"follow": "r1"}, {"follow": "r1"}]
    for one in found.values():
        assert getattr(music, one.setting) == one.seconds


def test_a_night_without_plays_has_nothing_to_do() -> None:
    from flows.daily_etl import daily_etl

    state: State[Any] = daily_etl(run_id="r1", return_state=True)
    report = state.result()
    assert (state.name, report.status) == ("NothingToDo", "no_updates"), report
    assert report.results == ()
    assert "nightshift music import FILE" in report.reason
    with session() as s:
        assert leases.held(s, "r1") == set()
        assert not workers.is_at_work(s, "r1")


def test_a_run_beside_another_does_nothing_and_says_so() -> None:
    from flows.daily_etl import daily_etl

    with music_session.music_session("daily-etl", "first", load_settings()) as opened:
        assert opened.is_ours
        state: State[Any] = daily_etl(run_id="second", return_state=True)
        assert state.name == "NothingToDo"
        assert "another run of daily-etl is at work" in state.result().reason
    with session() as s:
        latest = music_runs.latest(s, "daily-etl")
    assert latest is not None
    assert latest.id == "first"


def test_a_run_that_breaks_off_is_crashed_and_the_next_one_works() -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        music_session.music_session("daily-etl", "first", load_settings()),
    ):
        raise KeyboardInterrupt
    report = music_session.report("first")
    assert report is not None
    assert report.status == "crashed"
    with music_session.music_session("daily-etl", "second", load_settings()) as opened:
        assert opened.is_ours
