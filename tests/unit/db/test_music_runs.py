"""Runs of the music library's flows: what their subflows came to, and how they end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from utils.clock import now
from utils.config import load_settings
from utils.db import music_runs, workers
from utils.db.music_tables import MusicRun
from utils.db.session import session
from utils.housekeeping import recovery, retention
from utils.models.music import Outcome, SubflowResult


def result(name: str, status: Outcome = Outcome.SUCCESS, **metrics: float) -> SubflowResult:
    return SubflowResult(name=name, status=status, metrics=metrics)


def test_a_run_holds_what_its_subflows_came_to(settings: object) -> None:
    with session() as s:
        run = music_runs.begin(s, "daily-etl")
        assert not music_runs.has(s, run, "spotify-enrichment")
        music_runs.add(s, run, result("spotify-enrichment", new=3))
        assert music_runs.has(s, run, "spotify-enrichment")
        assert not music_runs.has(s, run, "spotify")
        assert not music_runs.has(s, "other", "spotify-enrichment")
        music_runs.end(s, run, Outcome.SUCCESS)
        latest = music_runs.latest(s, "daily-etl")
        assert latest is not None
        assert (latest.id, latest.status, latest.ended_at is not None) == (run, "success", True)
        assert music_runs.latest(s, "spotify-ingestion") is None
        assert music_runs.results(s, run) == (result("spotify-enrichment", new=3),)


def test_what_a_subflow_says_again_replaces_what_it_said(settings: object) -> None:
    with session() as s:
        run = music_runs.begin(s, "daily-etl", "r1")
        music_runs.add(s, run, result("transformation", Outcome.FAILED))
        music_runs.add(s, run, result("transformation"))
        assert music_runs.results(s, run) == (result("transformation"),)
        assert music_runs.begin(s, "daily-etl", "r1") == "r1"  # a retry
        assert music_runs.results(s, "r1") == ()


def test_subflows_at_once_lose_nothing_of_what_the_others_say(database: str) -> None:
    with session() as s:
        run = music_runs.begin(s, "daily-etl")
    names = [f"part-{number}" for number in range(12)]

    def note(name: str) -> None:
        with session() as s:
            music_runs.has(s, run, name)  # one that has read before it writes
            music_runs.add(s, run, result(name))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(note, names))
    with session() as s:
        assert {one.name for one in music_runs.results(s, run)} == set(names)


def test_the_run_of_a_dead_process_is_closed_and_that_of_a_living_one_is_not(
    database: str,
) -> None:
    with session() as s:
        for run in ("dead", "alive"):
            music_runs.begin(s, "daily-etl", run)
        workers.register(s, "alive", "alive", 120)
        music_runs.add(s, "dead", result("data-preparation"))
    assert recovery.recover(load_settings(), dry_run=True).runs == ("dead",)
    assert recovery.recover(load_settings()).runs == ("dead",)
    with session() as s:
        assert not recovery.recover(load_settings()).runs
        assert music_runs.last_good(s, "daily-etl") is None
        assert music_runs.results(s, "dead") == (result("data-preparation"),)
        assert set(music_runs.ends(s, ["dead", "alive"])) == {"dead"}
        music_runs.end(s, "alive", Outcome.NO_UPDATES)
        good = music_runs.last_good(s, "daily-etl")
        assert good is not None
        assert good.id == "alive"


def test_old_runs_are_forgotten_but_the_last_good_one_of_each_flow(settings: object) -> None:
    long_ago = now() - timedelta(days=load_settings().retention_days + 1)
    with session() as s:
        for flow, status in (("daily-etl", Outcome.SUCCESS), ("daily-etl", Outcome.FAILED),
                             ("spotify-ingestion", Outcome.NO_UPDATES)):  # fmt: skip
            run = music_runs.begin(s, flow, f"{flow}-{status}")
            music_runs.end(s, run, status)
            s.get_one(MusicRun, run).started_at = long_ago
        music_runs.begin(s, "daily-etl", "open")
        s.get_one(MusicRun, "open").started_at = long_ago
        workers.register(s, "open", "open", 120)

    def forgotten(dry_run: bool) -> int:
        parts = retention.clean(load_settings(), dry_run)
        return next(part.rows for part in parts if part.what == "runs of music")

    assert (forgotten(True), forgotten(False), forgotten(False)) == (1, 1, 0)
    with session() as s:
        assert set(s.scalars(select(MusicRun.id))) == {
            "daily-etl-success", "spotify-ingestion-no_updates", "open",
        }  # fmt: skip


def test_a_run_that_is_not_there_can_hold_nothing(settings: object) -> None:
    with session() as s, pytest.raises(NoResultFound):
        music_runs.add(s, "none", result("transformation"))
