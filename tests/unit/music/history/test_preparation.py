"""Data preparation looks at what is new, and at all of it again when rules change."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from tests.unit.music.plays import a_play, a_scrobble, table
from utils.db import play_checks, play_rejects, plays
from utils.db.music_tables import PlayRow
from utils.db.session import session
from utils.models.music import Origin, Outcome, Play, PlayKind
from utils.music.history import preparation

pytestmark = pytest.mark.usefixtures("database")


def add(*some: Play) -> None:
    with session() as s:
        plays.add(s, some)


def test_nothing_new_is_no_update_and_what_is_new_is_looked_at_once() -> None:
    assert preparation.prepare().status is Outcome.NO_UPDATES
    add(a_play(200), a_scrobble(0), a_play(5000))
    first = preparation.prepare()
    assert first.status is Outcome.SUCCESS
    assert first.metrics["new"] == 3 and first.metrics["duplicates"] == 1
    assert preparation.prepare().status is Outcome.NO_UPDATES


def test_what_came_before_is_held_against_what_is_new() -> None:
    add(a_scrobble(0))
    preparation.prepare()
    add(a_play(200))
    told = preparation.prepare()
    assert told.metrics["changed"] == 1
    kept = {one["service"]: one for one in table()}
    assert kept["lastfm"]["duplicate_of"] == kept["spotify"]["key"]
    assert kept["spotify"]["duplicate_of"] is None


def test_a_podcast_that_the_short_export_takes_for_music_is_the_extended_ones_episode() -> None:
    minute = {"precision_seconds": 60, "spotify_track_id": None}
    add(a_play(0, **minute), a_play(30, kind=PlayKind.EPISODE, spotify_track_id=None))
    preparation.prepare()
    assert {one["kind"]: one["duplicate_of"] is None for one in table()} == {
        "track": False, "episode": True,
    }  # fmt: skip


def test_plays_of_other_accounts_and_names_are_left_alone() -> None:
    add(a_play(200), a_scrobble(0, account="other"), a_scrobble(0, track="Other"))
    preparation.prepare()
    assert {one["duplicate_of"] for one in table()} == {None}


def test_a_play_that_is_none_becomes_a_reject_and_its_duplicates_count() -> None:
    add(a_play(200), a_scrobble(0))
    preparation.prepare()
    with session() as s:
        row = s.query(PlayRow).filter_by(service="spotify").one()
        row.played_at, row.checked_version = datetime(1970, 1, 1, tzinfo=UTC), None
    told = preparation.prepare()
    assert told.status is Outcome.PARTIAL and told.metrics["rejected"] == 1
    assert told.errors[0].error_class == "before_the_service"
    (left,) = table()
    assert left["service"] == "lastfm" and left["duplicate_of"] is None
    with session() as s:
        assert play_rejects.by_reason(s) == {"before_the_service": 1}


def test_changed_rules_look_at_every_play_again(monkeypatch: pytest.MonkeyPatch) -> None:
    add(a_play(200), a_scrobble(0))
    preparation.prepare()
    monkeypatch.setattr(preparation, "RULES_VERSION", 2)
    told = preparation.prepare()
    assert told.metrics["rows"] == 2 and told.metrics["new"] == 0
    assert preparation.prepare().status is Outcome.NO_UPDATES


def test_few_plays_are_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_checks, "_MOST_PLAYS", 3)
    songs = (f"Song {number % 4}" for number in range(20))
    add(*(a_play(at * 1000, track=song, spotify_track_id=None) for at, song in enumerate(songs)))
    looked_at: list[int] = []
    preparation.prepare(looked_at.append)
    assert looked_at == [5, 10, 15, 20]


def test_plays_without_a_name_to_compare_get_one() -> None:
    add(a_play(200), a_scrobble(0))
    with session() as s:
        for row in s.query(PlayRow):
            row.name_key = None
    preparation.prepare()
    assert len({one["name_key"] for one in table()}) == 1
    assert sum(one["duplicate_of"] is not None for one in table()) == 1


def test_who_prepares_while_others_add_misses_nothing() -> None:
    begun = threading.Event()

    def bring() -> None:
        begun.wait()
        for number in range(20):
            add(a_scrobble(number * 1000))

    other = threading.Thread(target=bring)
    other.start()
    add(*(a_play(200 + number * 1000) for number in range(20)))
    begun.set()
    while other.is_alive():
        preparation.prepare()
    preparation.prepare()
    other.join()
    kept = {one["key"]: one for one in table()}
    scrobbles = [one for one in kept.values() if one["service"] == "lastfm"]
    assert len(scrobbles) == 20 and all(one["duplicate_of"] in kept for one in scrobbles)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_compilation_told_by_the_api_and_the_export_counts_once(order: tuple[int, int]) -> None:
    told = (
        a_play(0.9, origin=Origin.API, ms_played=None, artist="Its singer"),
        a_play(2, artist="Various Artists"),
    )
    for one in order:
        add(told[one])
        preparation.prepare()
    assert sorted(one["duplicate_of"] is None for one in table()) == [False, True]
