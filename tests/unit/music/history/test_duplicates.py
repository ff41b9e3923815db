"""One listening that several services kept counts once, in whichever order they tell of it."""

from __future__ import annotations

import random

import pytest

from tests.unit.music.plays import a_play, a_scrobble
from utils.db import plays
from utils.models.music import Origin, Play, Service
from utils.music.history import duplicates
from utils.music.history.duplicates import Heard


def counted(*some: Play) -> list[int | None]:
    """For each play the place of the one that is counted instead of it."""
    heard = [
        Heard(number, plays.key_of(one), one.service, one.origin, one.played_at.timestamp(),
              one.ms_played, one.precision_seconds)
        for number, one in enumerate(some)
    ]  # fmt: skip
    found = duplicates.partners(random.Random(1).sample(heard, len(heard)))
    return [found[number] for number in range(len(some))]


def test_a_scrobble_at_the_beginning_of_a_play_is_that_play() -> None:
    assert counted(a_play(200), a_scrobble(0)) == [None, 0]


@pytest.mark.parametrize(
    ("begun", "is_same"), [(-119, True), (-121, False), (319, True), (321, False)]
)
def test_what_lies_outside_of_a_play_and_its_tolerance_is_another(
    begun: int, is_same: bool
) -> None:
    assert counted(a_play(200), a_scrobble(begun))[1] == (0 if is_same else None)


def test_a_song_on_repeat_has_as_many_plays_at_each_service() -> None:
    both = [a_play(200), a_play(400), a_play(600), a_scrobble(0), a_scrobble(201), a_scrobble(402)]
    assert sorted(filter(None, counted(*both)[3:])) == [1, 2]
    assert counted(*both)[3:].count(None) == 0
    assert counted(a_play(200), a_scrobble(0), a_scrobble(200)) == [None, 0, None]


def test_scrobbles_of_the_ends_of_plays_are_matched_as_well() -> None:
    assert counted(a_play(200), a_play(400), a_scrobble(200), a_scrobble(400)) == [None, None, 0, 1]


def test_the_short_export_tells_of_the_same_plays_as_the_extended_one() -> None:
    short = a_play(180, precision_seconds=60, spotify_track_id=None)
    assert counted(a_play(230), short) == [None, 0]
    assert counted(a_play(300), a_play(-30, precision_seconds=60)) == [None, None]


def test_the_api_that_rounds_otherwise_tells_of_the_same_play() -> None:
    assert counted(a_play(200), a_play(201.3, origin=Origin.API, ms_played=None)) == [None, 0]
    alone = a_play(200, origin=Origin.API, ms_played=None)
    assert counted(alone, a_scrobble(0)) == [None, 0]


def test_all_services_of_one_listening_stand_behind_the_one_that_tells_most() -> None:
    listen = a_scrobble(2, service=Service.LISTENBRAINZ)
    assert counted(a_scrobble(0), listen, a_play(200)) == [2, 2, None]
    assert counted(a_scrobble(0), listen) == [1, None]


def test_a_scrobble_noted_to_the_minute_is_the_one_with_seconds() -> None:
    minute = a_scrobble(0, precision_seconds=60)
    assert counted(a_scrobble(45), minute) == [None, 0]


def test_plays_of_one_source_are_never_one() -> None:
    assert counted(a_play(0, ms_played=0), a_play(1, ms_played=0), a_play(2)) == [None, None, None]


def test_one_second_of_one_source_and_name_counts_once_the_longest() -> None:
    other = a_play(200, spotify_track_id="0" * 22, ms_played=5)
    assert counted(other, a_play(200)) == [1, None]
    minute = {"precision_seconds": 60, "spotify_track_id": None}
    assert counted(a_play(0, **minute), a_play(0, **minute, ms_played=5)) == [None, None]
    assert counted(a_scrobble(0), a_scrobble(0, recording_mbid="x"), a_play(200)) == [2, 2, None]


def test_the_outcome_does_not_depend_on_ids() -> None:
    some = [
        a_play(200),
        a_play(390),
        a_scrobble(0),
        a_scrobble(195),
        a_scrobble(205),
        a_scrobble(3, service=Service.LISTENBRAINZ),
        a_play(0.5, origin=Origin.API),
    ]

    def pairs(mixed: list[Play]) -> set[tuple[str, str]]:
        keys = [plays.key_of(one) for one in mixed]
        found = zip(keys, counted(*mixed), strict=True)
        return {(key, keys[partner]) for key, partner in found if partner is not None}

    wanted = pairs(some)
    assert len(wanted) == 4
    for seed in range(10):
        assert pairs(random.Random(seed).sample(some, len(some))) == wanted
