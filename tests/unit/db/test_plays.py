"""Each play is kept once, however often and by whomever it is brought."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete

from tests.unit.music.plays import EVENING, ID, a_play, a_scrobble, table
from utils.db import plays
from utils.db.music_tables import PlayRow
from utils.db.plays import Added
from utils.db.session import session
from utils.models.music import Origin, Play, Service

OTHER = "0" * 22


def added(*some: Play) -> Added:
    with session() as s:
        return plays.add(s, some)


@pytest.mark.usefixtures("database")
def test_a_play_that_is_brought_twice_is_kept_once() -> None:
    assert added(a_play(), a_play(200)) == Added(new=2)
    assert added(a_play(), a_play(200), a_play(200)) == Added(doubled=3)
    assert len(table()) == 2


def test_the_api_and_the_export_tell_of_one_play_and_complete_each_other() -> None:
    api = a_play(0.437, origin=Origin.API, ms_played=None, isrc="USRC17607839", album="Album")
    export = a_play(artist="Various Artists", country="DE", skipped=False)
    added(export)
    assert added(api) == Added(doubled=1)
    (one,) = table()
    assert one["ms_played"] == 200_000 and one["country"] == "DE" and one["skipped"] is False
    assert one["isrc"] == "USRC17607839" and one["artist"] == "Band" and one["album"] == "Album"
    assert one["played_at"] == EVENING + timedelta(seconds=0.437)


def test_plays_of_one_second_are_told_apart_by_their_tracks() -> None:
    same = (a_play(), a_play(spotify_track_id=OTHER), a_play(account="other"))
    assert added(*same) == Added(new=3)
    unnamed = (a_scrobble(), a_scrobble(track="Other"), a_scrobble(artist="Other"))
    assert added(*unnamed) == Added(new=3)


def test_a_track_twice_in_one_second_is_one_play_the_longest() -> None:
    assert added(a_play(ms_played=0, skipped=True), a_play(skipped=False)) == Added(1, 1)
    (one,) = table()
    assert one["ms_played"] == 200_000 and one["skipped"] is False


def test_two_plays_within_a_minute_that_is_all_that_is_told_differ_by_their_length() -> None:
    minute = {"precision_seconds": 60, "spotify_track_id": None}
    assert added(a_play(ms_played=20_000, **minute), a_play(ms_played=30_000, **minute)).new == 2
    assert added(a_play(ms_played=30_000, **minute)).new == 0


@pytest.mark.parametrize("form", ["Noël", "Noe\u0308l", "NOËL", "Noel"])
def test_names_written_in_another_way_are_the_same_play(form: str) -> None:
    added(a_scrobble(track="Noël"))
    assert added(a_scrobble(track=form)).new == 0


def test_a_title_that_comes_later_takes_the_place_of_an_id() -> None:
    unnamed = a_play(track=f"{plays.UNNAMED}{ID}", artist=None)
    added(unnamed)
    added(a_play(track="Ωmega"))
    assert table()[0]["track"] == "Ωmega"
    added(unnamed)
    assert table()[0]["track"] == "Ωmega"


@pytest.mark.parametrize("seed", range(6))
def test_the_order_in_which_plays_come_makes_no_difference(seed: int) -> None:
    some = [
        a_play(), a_play(ms_played=0, skipped=True, album="B"), a_play(artist=None, album="A"),
        a_play(0.9, origin=Origin.API, ms_played=None, artist="Guest"),
        a_play(0.2, origin=Origin.API, ms_played=None, album="C", isrc="USRC17607839"),
        a_play(country="DE"), a_play(country="AT"), a_play(track="Song - Live"),
    ]  # fmt: skip
    added(*some)
    wanted = table()
    with session() as s:
        s.execute(delete(PlayRow))
    random.Random(seed).shuffle(some)
    for one in some:
        added(one)
    assert table() == wanted


def test_what_is_said_again_changes_no_row() -> None:
    some = [a_play(), a_play(0.5, origin=Origin.API, ms_played=None)]
    added(*some)

    def changed() -> list[object]:
        with session() as s:
            return [row.changed_at for row in s.query(PlayRow)]

    before = changed()
    added(*reversed(some))
    assert changed() == before


@pytest.mark.usefixtures("database")
def test_who_brings_the_same_at_once_keeps_nothing_twice() -> None:
    some = [a_play(number * 200) for number in range(300)]
    new: list[int] = []

    def bring(seed: int) -> None:
        mine = random.Random(seed).sample(some, len(some))
        new.extend(added(*mine[start : start + 50]).new for start in range(0, len(mine), 50))

    threads = [threading.Thread(target=bring, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(new) == len(some) == len(table())


def test_the_tracks_of_spotify_that_were_played_most_come_first() -> None:
    added(a_play(), a_play(300), a_play(600, spotify_track_id=OTHER), a_scrobble())
    with session() as s:
        assert list(plays.spotify_ids(s)) == [ID, OTHER]


def test_plays_are_read_back_as_they_were_given() -> None:
    given = a_play(service=Service.LISTENBRAINZ, country="DE", skipped=True, album="A")
    added(given)
    with session() as s:
        assert plays.play_of(s.query(PlayRow).one()) == given
