"""What Spotify says of things: asked once, in batches where it may be, told what was left."""

from datetime import timedelta

import pytest

from tests.conftest import Override
from tests.servers import spotify as server
from tests.servers.loopback import Answer
from tests.servers.spotify import Spotify, identifier
from tests.unit.music.spotify.conftest import configured
from utils import clock
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import music_accounts, music_entities, plays, throttles
from utils.db.session import session
from utils.errors import ThrottledError
from utils.models.music import Entity, EntityKind, Fault, Origin, Outcome, Play, Provider, Service
from utils.music.spotify import api, enrichment
from utils.music.spotify.enrichment import Tally
from utils.processes import deadline

TRACK, ARTIST, ALBUM = EntityKind.TRACK, EntityKind.ARTIST, EntityKind.ALBUM


def heard(spotify: Spotify, *numbers: int) -> list[str]:
    """Plays of an export: Spotify's ids, and nothing else that it knows."""
    for number in numbers:
        spotify.add_song(number)
    ids = [identifier("track", number) for number in numbers]
    with session() as s:
        plays.add(s, [
            Play(account="me", service=Service.SPOTIFY, origin=Origin.EXPORT, track="x",
                 played_at=now() - timedelta(minutes=step), spotify_track_id=one)
            for step, one in enumerate(ids)
        ])  # fmt: skip
    return ids


def fetched(settings: Settings, kind: EntityKind, ids: list[str]) -> tuple[Tally, api.Spotify]:
    with api.connected(settings) as connected:
        return enrichment.fetch(connected, kind, ids), connected


def known(kind: EntityKind, number: int) -> Entity | None:
    one = identifier(kind.value, number)
    with session() as s:
        return music_entities.known(s, Provider.SPOTIFY, kind, [one]).get(one)


def asked(spotify: Spotify) -> list[str]:
    return [path for path in spotify.asked if not path.startswith("/me")]


def mode() -> str | None:
    with session() as s:
        return music_accounts.find(s, Service.SPOTIFY, "me").quota


def test_an_extended_application_asks_in_batches(spotify: Spotify, music: Settings) -> None:
    ids = heard(spotify, *range(120))
    tally, _ = fetched(music, TRACK, ids)
    assert (tally.new, tally.left, mode()) == (120, 0, "extended")
    assert len(asked(spotify)) == 4  # the first to find out that it may


def test_an_application_in_development_mode_asks_one_by_one_and_remembers_it(
    spotify: Spotify, music: Settings
) -> None:
    spotify.mode = "development"
    ids = heard(spotify, *range(9))
    tally, _ = fetched(music, TRACK, ids)
    assert (tally.new, mode()) == (9, "development")
    assert [("?" in path) for path in asked(spotify)].count(True) == 1
    before = len(asked(spotify))
    fetched(music, ARTIST, [identifier("artist", number) for number in range(9)])
    assert len(asked(spotify)) == before + 9
    document = known(ARTIST, 1).document
    assert document == {
        "name": "Artist 1", "genres": ["khmer rock", "surf"], "followers": None, "popularity": None,
    }  # fmt: skip


def test_the_mode_is_tried_again_after_some_days(spotify: Spotify, music: Settings) -> None:
    spotify.mode = "development"
    fetched(music, TRACK, heard(spotify, 1, 2))
    spotify.mode = "extended"
    with session() as s:
        long_ago = now() - timedelta(days=8)
        music_accounts.change(s, Service.SPOTIFY, "me", quota_at=long_ago)
    fetched(music, ARTIST, [identifier("artist", number) for number in (1, 2)])
    assert mode() == "extended"


def test_an_application_that_is_put_back_goes_on_one_by_one(
    spotify: Spotify, music: Settings
) -> None:
    fetched(music, TRACK, heard(spotify, 1, 2))
    spotify.mode = "development"
    tally, _ = fetched(music, ARTIST, [identifier("artist", number) for number in (1, 2)])
    assert (tally.new, mode()) == (2, "development")


def test_a_403_of_everything_is_no_development_mode(spotify: Spotify, music: Settings) -> None:
    spotify.say(server.error(403, "Forbidden"), "/v1/tracks", times=99)
    tally, _ = fetched(music, TRACK, heard(spotify, 1, 2, 3))
    assert (tally.new, tally.left, mode()) == (0, 3, None)
    assert "dashboard" in tally.faults[0].message
    assert len(asked(spotify)) == 2


def test_a_wrong_address_of_the_api_makes_nothing_unknown(
    spotify: Spotify, music: Settings, override: Override
) -> None:
    ids = heard(spotify, 1, 2)
    override(music=music.music.model_copy(update={"spotify_api_url": spotify.url}))
    tally, _ = fetched(load_settings(), TRACK, ids)
    assert (tally.new, tally.not_found, tally.left) == (0, 0, 2)
    assert "SPOTIFY_API_URL" in tally.faults[0].message


@pytest.mark.parametrize("mode", ["extended", "development"])
def test_what_is_unknown_is_remembered_for_its_days(
    spotify: Spotify, music: Settings, mode: str
) -> None:
    spotify.mode = mode
    ids = heard(spotify, 1, 2)
    del spotify.things["tracks"][ids[1]]
    tally, _ = fetched(music, TRACK, ids)
    assert (tally.new, tally.not_found, tally.faults) == (1, 1, ())
    assert enrichment.wanted_tracks(music).ids == []
    later = clock.Clock(lambda: now_before + timedelta(days=31), clock.monotonic, clock.wait)
    now_before = now()
    with clock.set_to(later):
        assert enrichment.wanted_tracks(music).ids == [ids[1]]


def test_a_relinked_track_is_kept_under_the_id_that_was_played(
    spotify: Spotify, music: Settings
) -> None:
    (one,) = heard(spotify, 1)
    other = identifier("track", 7)
    spotify.things["tracks"][one] |= {"id": other, "linked_from": {"id": one}}
    fetched(music, TRACK, [one])
    assert known(TRACK, 1).canonical_id == other


def test_an_answer_about_something_else_is_a_fault_and_not_kept(
    spotify: Spotify, music: Settings
) -> None:
    ids = heard(spotify, 1, 2, 3)
    spotify.things["tracks"][ids[0]] |= {"id": "nonsense"}
    spotify.things["tracks"][ids[1]] |= {
        "id": identifier("track", 8), "linked_from": {"id": identifier("track", 9)},
    }  # fmt: skip
    tally, _ = fetched(music, TRACK, ids)
    assert (tally.new, tally.left) == (1, 2)
    assert {fault.what for fault in tally.faults} == set(ids[:2])
    assert known(TRACK, 1) is None


def test_odd_objects_are_kept_without_what_is_not_of_its_kind(
    spotify: Spotify, music: Settings
) -> None:
    ids = heard(spotify, 1, 2)
    spotify.things["tracks"][ids[0]] |= {
        "artists": None, "album": None, "external_ids": None, "duration_ms": -1, "explicit": "yes",
        "name": "a\0b",
    }  # fmt: skip
    del spotify.things["tracks"][ids[1]]["external_ids"]
    fetched(music, TRACK, ids)
    assert known(TRACK, 1).document == {
        "title": "ab", "isrc": None, "duration_ms": None, "explicit": None, "album_id": None,
        "artists": [],
    }  # fmt: skip
    assert known(TRACK, 2).document["isrc"] is None
    artist, album = identifier("artist", 1), identifier("album", 1)
    del spotify.things["artists"][artist]["genres"]
    spotify.things["albums"][album] |= {"release_date": "0000", "label": None}
    fetched(music, ARTIST, [artist])
    fetched(music, ALBUM, [album])
    assert known(ARTIST, 1).document["genres"] == []
    album_document = known(ALBUM, 1).document
    assert (album_document["released"], album_document["precision"]) == (None, None)


def test_no_id_that_is_none_goes_into_a_path(spotify: Spotify, music: Settings) -> None:
    tally, _ = fetched(music, TRACK, ["../../me", "x" * 22 + "?a", ""])
    assert tally == Tally()
    assert asked(spotify) == []


def test_a_short_pause_is_kept_and_a_long_one_ends_the_run_and_is_remembered(
    spotify: Spotify, music: Settings
) -> None:
    spotify.mode = "development"
    ids = heard(spotify, *range(40))
    spotify.say(server.too_many(0), "/v1/tracks")
    tally, connected = fetched(music, TRACK, ids[:2])
    assert (tally.new, connected.throttled) == (2, 1)
    spotify.say(server.too_many(7200), "/v1/tracks/", times=99)
    tally, connected = fetched(music, TRACK, ids[2:])
    assert (tally.new, tally.left) == (0, 38)
    assert connected.throttled <= 8  # those that were on their way
    assert len(tally.faults) == 1
    assert "2.0 h" in tally.faults[-1].message
    requests = len(spotify.asked)
    with pytest.raises(ThrottledError, match=r"2\.0 h"):
        with api.connected(music):
            pass
    assert len(spotify.asked) == requests
    with session() as s:
        assert throttles.cooldown(s, api.THROTTLE) > 7000


def test_what_fails_now_and_then_is_asked_again_and_a_dead_service_is_left(
    spotify: Spotify, music: Settings
) -> None:
    spotify.mode = "development"
    ids = heard(spotify, *range(60))
    fetched(music, TRACK, ids[:2])
    for answer in (server.error(502, "Bad gateway"), Answer(200, b'{"id": "', {}, 4),
                   Answer(200, b"<html>"), Answer(200, b"{}" * 99, {}, 5)):  # fmt: skip
        spotify.say(answer, "/v1/tracks/")
    tally, _ = fetched(music, TRACK, ids[2:10])
    assert (tally.new, tally.faults) == (8, ())
    spotify.say(server.error(503, "Service unavailable"), "/v1/tracks/", times=999)
    before = len(spotify.asked)
    tally, _ = fetched(music, TRACK, ids[10:])
    assert (tally.new, tally.left) == (0, 50)
    assert len(spotify.asked) - before < 60  # each four times would be 200


def test_time_that_is_over_leaves_the_rest_for_the_next_run(
    spotify: Spotify, music: Settings
) -> None:
    spotify.mode = "development"
    ids = heard(spotify, *range(40))
    fetched(music, TRACK, ids[:2])
    with api.connected(music) as connected, deadline.within(deadline.Limit(-1, "ITS_SETTING")):
        tally = enrichment.fetch(connected, TRACK, ids[2:])
    assert (tally.new, tally.left) == (0, 38)
    assert "ITS_SETTING" in tally.faults[-1].message


def test_look_ups_are_really_at_once_and_bounded(spotify: Spotify, music: Settings) -> None:
    spotify.mode, spotify.latency = "development", 0.02
    fetched(music, TRACK, heard(spotify, *range(40)))
    assert 6 <= spotify.most_at_work <= 8


def test_artists_and_albums_are_those_of_known_tracks_the_most_played_first(
    spotify: Spotify, music: Settings, override: Override
) -> None:
    ids = heard(spotify, 1, 2, 2, 3, 3, 3)
    assert enrichment.wanted_tracks(music).ids == list(dict.fromkeys(reversed(ids)))
    fetched(music, TRACK, ids)
    limited = configured(spotify, override, spotify_artist_limit=2, spotify_album_limit=1)
    wanted = enrichment.wanted_of_tracks(ARTIST, limited)
    assert wanted == ([identifier("artist", 3), identifier("artist", 2)], 0, 1)
    assert enrichment.wanted_of_tracks(ALBUM, limited).ids == [identifier("album", 3)]
    heard(spotify, *range(10, 20))
    assert len(enrichment.wanted_tracks(limited).ids) == 2


def test_a_run_that_learned_nothing_and_failed_has_failed() -> None:
    fault = Fault(what="x", error_class="X", message="x")
    wanted = enrichment.Wanted([], 3, 1)
    outcomes = {
        Tally(new=1): Outcome.SUCCESS, Tally(): Outcome.NO_UPDATES,
        Tally(new=1, faults=(fault,)): Outcome.PARTIAL, Tally(faults=(fault,)): Outcome.FAILED,
    }  # fmt: skip
    for tally, outcome in outcomes.items():
        result = enrichment.result([(wanted, tally)], None, 0)
        assert (result.status, result.metrics["cache_hits"]) == (outcome, 3)
