"""What was played: each play once, nothing between two looks missed without a word."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.servers import spotify as server
from tests.servers.loopback import Answer
from tests.servers.spotify import Spotify, identifier
from utils import clock
from utils.config import Settings
from utils.db import music_accounts, music_entities
from utils.db.music_tables import PlayRow, RejectRow
from utils.db.session import session
from utils.errors import NightShiftError, RetryableError, SettingsError
from utils.models.music import EntityKind, Outcome, Provider, Service
from utils.music.spotify import api, history

BEGAN = float(int(time.time()) - 100_000)


def played(spotify: Spotify, *numbers: int, since: float = BEGAN) -> None:
    for step, number in enumerate(numbers):
        spotify.play(spotify.add_song(number), since + 200 * step + 0.123)


def rows() -> list[PlayRow]:
    with session() as s:
        return list(s.scalars(select(PlayRow).order_by(PlayRow.played_at)))


def cursor() -> int | None:
    with session() as s:
        row = music_accounts.find(s, Service.SPOTIFY, "me")
        return row.cursor_ms if row else None


def test_plays_come_with_their_tracks_and_no_second_request(
    spotify: Spotify, music: Settings
) -> None:
    played(spotify, 1, 2, 1)
    result = history.take(music)
    assert (result.status, result.metrics["new"], result.metrics["tracks"]) == ("success", 3, 2)
    first = rows()[0]
    assert (first.track, first.artist, first.album) == ("Track 1", "Artist 1", "Album 1")
    assert (first.isrc, first.ms_played, first.origin) == ("KHA000000001", None, "api")
    assert [path.split("?")[0] for path in spotify.asked] == ["/me", "/me/player/recently-played"]
    with session() as s:
        ids = [identifier("track", 1), identifier("track", 2)]
        known = music_entities.known(s, Provider.SPOTIFY, EntityKind.TRACK, ids)
    assert known[ids[0]].document == {
        "title": "Track 1", "isrc": "KHA000000001", "duration_ms": 180_001, "explicit": False,
        "album_id": identifier("album", 1),
        "artists": [{"id": identifier("artist", 1), "name": "Artist 1"}],
    }  # fmt: skip


def test_a_second_look_asks_after_the_newest_play_and_takes_nothing_twice(
    spotify: Spotify, music: Settings
) -> None:
    played(spotify, 1, 2)
    history.take(music)
    again = history.take(music)
    assert (again.status, again.metrics["new"]) == (Outcome.NO_UPDATES, 0)
    assert again.metrics["requests"] == 1
    assert f"after={cursor() - 1}" in spotify.asked[-1]
    played(spotify, 3, since=BEGAN + 9_000)
    assert history.take(music).metrics["new"] == 1
    assert [row.track for row in rows()] == ["Track 1", "Track 2", "Track 3"]


def test_plays_of_one_second_are_told_apart_and_late_ones_of_it_are_not_lost(
    spotify: Spotify, music: Settings
) -> None:
    spotify.play(spotify.add_song(1), BEGAN + 0.1)
    history.take(music)
    spotify.play(spotify.add_song(2), BEGAN + 0.1)
    spotify.play(spotify.add_song(3), BEGAN + 0.101)
    assert history.take(music).metrics["new"] == 2
    assert {row.track for row in rows()} == {"Track 1", "Track 2", "Track 3"}


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_pages_are_read_to_their_end_and_the_beginning(
    spotify: Spotify, music: Settings, limit: int
) -> None:
    played(spotify, *range(20))
    assert history.take(music, limit).metrics["new"] == 20
    played(spotify, *range(30, 45), since=BEGAN + 50_000)
    assert history.take(music, limit).metrics["new"] == 15
    assert len(rows()) == 35


@pytest.mark.usefixtures("database")
def test_two_looks_at_once_take_each_play_once(spotify: Spotify, music: Settings) -> None:
    played(spotify, *range(12))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: history.take(music), range(4)))
    assert sum(result.metrics["new"] for result in results) == 12
    assert len(rows()) == 12


def test_what_a_device_tells_late_comes_with_the_whole_look_of_a_day(
    spotify: Spotify, music: Settings
) -> None:
    played(spotify, 1, since=BEGAN + 5_000)
    history.take(music)
    played(spotify, 2)  # offline, before the one that is known
    assert history.take(music).metrics["new"] == 0
    with session() as s:
        long_ago = (clock.now() - timedelta(days=2)).isoformat()
        music_accounts.note_profile(s, Service.SPOTIFY, "me", {"whole_look_at": long_ago})
    assert history.take(music).metrics["new"] == 1
    assert cursor() == round((BEGAN + 5_000.123) * 1000)
    assert history.take(music).metrics["rows"] == 1


def test_more_plays_than_spotify_keeps_are_told_as_a_gap(spotify: Spotify, music: Settings) -> None:
    played(spotify, 1)
    assert history.take(music).metrics["gaps"] == 0
    played(spotify, *range(60), since=BEGAN + 1_000)
    result = history.take(music)
    assert (result.status, result.metrics["new"]) == (Outcome.PARTIAL, 50)
    (gap,) = result.errors
    assert "nightshift music import" in gap.message
    assert history.take(music).status is Outcome.NO_UPDATES


def test_a_gap_is_told_where_one_of_the_fifty_is_no_play(spotify: Spotify, music: Settings) -> None:
    played(spotify, 1)
    history.take(music)
    played(spotify, *range(60), since=BEGAN + 1_000)
    spotify.play(spotify.add_song(99, name=""), BEGAN + 900_000)
    assert history.take(music).metrics["gaps"] == 1


def test_fifty_plays_that_follow_on_the_last_look_are_no_gap(
    spotify: Spotify, music: Settings
) -> None:
    played(spotify, 1)
    history.take(music)
    played(spotify, *range(49), since=BEGAN + 1_000)
    result = history.take(music)
    assert (result.status, result.metrics["new"]) == (Outcome.SUCCESS, 49)


def test_what_is_no_play_is_kept_with_its_reason_and_stops_no_other(
    spotify: Spotify, music: Settings
) -> None:
    played(spotify, 1)
    spotify.play(None, BEGAN + 1)
    spotify.play(spotify.add_song(2), "2099-01-01T00:00:00.000Z")
    spotify.play(spotify.add_song(3), "1970-01-01T00:00:00.000Z")
    spotify.play(spotify.add_song(4), "yesterday")
    spotify.play(spotify.add_song(5, name=""), BEGAN + 2)
    result = history.take(music)
    assert (result.status, result.metrics["new"]) == (Outcome.PARTIAL, 1)
    assert result.metrics["rejected"] == 5
    with session() as s:
        reasons = {row.reason for row in s.scalars(select(RejectRow))}
    assert reasons == {"no_track", "in_the_future", "no_time", "before_the_service"}
    assert cursor() == round((BEGAN + 0.123) * 1000)
    assert history.take(music).status is Outcome.NO_UPDATES  # it was said


def test_odd_tracks_are_plays_too(spotify: Spotify, music: Settings) -> None:
    local = {"id": None, "uri": "spotify:local:::Song:1", "is_local": True, "external_ids": {}}
    spotify.play(spotify.add_song(1, **local), BEGAN)
    spotify.play(spotify.add_song(2, artists=[], album=None), BEGAN + 1)
    relinked = {"linked_from": {"id": identifier("track", 9), "type": "track"}}
    spotify.play(spotify.add_song(3, **relinked), BEGAN + 2)
    spotify.play(spotify.add_song(4, id="too-short", external_ids={"isrc": "nonsense"}), BEGAN + 3)
    spotify.play(
        spotify.add_song(5, type="episode", album=None, show={"name": "A Show"}), BEGAN + 4
    )
    assert history.take(music).metrics["new"] == 5
    found = {row.track: row for row in rows()}
    assert found["Track 1"].spotify_track_id is None
    assert (found["Track 2"].artist, found["Track 2"].album) == (None, None)
    assert found["Track 3"].spotify_track_id == identifier("track", 3)
    assert (found["Track 4"].spotify_track_id, found["Track 4"].isrc) == (None, None)
    assert (found["Track 5"].kind, found["Track 5"].album) == ("episode", "A Show")


@pytest.mark.parametrize(
    "answer",
    [
        Answer.of_json({"no": 1}),
        Answer(200, b'{"items": [{"track"', {}, None),
        Answer(200, b"<html>Sign in</html>"),
        Answer(200, b'{"items": [1, 2]}' * 50, {}, 30),
        server.error(503, "Service unavailable"),
    ],
)
def test_an_answer_of_no_use_is_asked_for_again_and_moves_no_cursor(
    spotify: Spotify, music: Settings, answer: Answer
) -> None:
    played(spotify, 1)
    spotify.say(answer, "/v1/me/player", times=9)
    with pytest.raises(RetryableError):
        history.take(music)
    assert (cursor(), rows()) == (None, [])
    spotify._said.clear()
    assert history.take(music).metrics["new"] == 1


def test_a_token_that_the_api_refuses_is_renewed_once(spotify: Spotify, music: Settings) -> None:
    played(spotify, 1)
    history.take(music)
    spotify.end_access()
    assert history.take(music).status is Outcome.NO_UPDATES
    assert spotify.renewals == 2
    spotify.say(server.error(401, "Invalid access token"), "/v1/me/player", times=9)
    with pytest.raises(SettingsError, match="nightshift music login"):
        history.take(music)
    assert spotify.renewals == 3


def test_a_user_whom_the_application_does_not_list_is_told_so(
    spotify: Spotify, music: Settings
) -> None:
    refused = Answer(403, b"User not registered in the Developer Dashboard")
    spotify.say(refused, "/v1/me", times=2)
    with pytest.raises(SettingsError, match=r"User not registered.*dashboard lists"):
        history.take(music)


def test_an_account_that_is_not_said_is_read_the_first_time_and_never_again(
    spotify: Spotify, music: Settings
) -> None:
    played(spotify, 1)
    spotify.say(server.error(404, "Service not found"), "/v1/me")
    assert history.take(music).metrics["new"] == 1
    with api.connected(music):  # now it is said
        pass
    with session() as s:
        music_accounts.note_profile(s, Service.SPOTIFY, "me", {"checked": None})
    spotify.say(server.error(404, "Service not found"), "/v1/me")
    with pytest.raises(NightShiftError, match="Service not found"):
        history.take(music)


def test_a_redirect_is_not_followed(spotify: Spotify, music: Settings) -> None:
    away = Answer(302, headers={"Location": f"{spotify.url}/v1/elsewhere"})
    spotify.say(away, "/v1/me", times=2)
    with pytest.raises(NightShiftError, match="redirects elsewhere"):
        history.take(music)
    assert "/elsewhere" not in spotify.asked
