"""MusicBrainz is asked for what was played, once, and what it says is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.conftest import Override
from tests.servers import musicbrainz as server
from tests.servers.loopback import Answer
from tests.servers.musicbrainz import Catalogue, Service, mbid
from utils import clock
from utils.config import load_settings
from utils.db import music_entities
from utils.db.music_tables import EntityRow, PlayRow
from utils.db.session import session
from utils.models.music import Entity, EntityKind, Outcome, Provider, SubflowResult
from utils.models.music_settings import MusicSettings
from utils.music.musicbrainz import enrichment, walk

ISRC, OTHER = "GBAAA9900303", "USRC17607839"
FAST = 1000.0  # requests a second: what is paced is tested in test_pacing.py


@pytest.fixture
def catalogue() -> Catalogue:
    """One artist from London with one recording."""
    made = Catalogue()
    kingdom = made.area("United Kingdom", iso_3166_1=["GB"])
    england = made.area("England", "Subdivision", kingdom, iso_3166_2=["GB-ENG"])
    london = made.area("London", "City", england)
    artist = made.artist(
        "The Chemical Brothers", london,
        aliases=[{"name": "Chemical Bros", "sort-name": "Chemical Bros", "locale": None}],
        tags=[{"name": "big beat", "count": 9}, {"name": "electronic", "count": 12}],
        genres=[{"id": mbid("genre"), "name": "big beat", "count": 9, "disambiguation": ""}],
    )  # fmt: skip
    made.recording("Hey Boy Hey Girl", artist, ISRC)
    return made


@pytest.fixture
def service(catalogue: Catalogue, override: Override) -> Iterator[Service]:
    with server.musicbrainz(catalogue) as running:
        use(running, override)
        yield running


def use(running: Service, override: Override, **more: Any) -> None:
    music = {"musicbrainz_url": running.url, "musicbrainz_per_second": FAST,
             "contact": "me@example.org"}  # fmt: skip
    override(music=MusicSettings(**{**music, **more}))


def play(isrc: str | None = ISRC, times: int = 1, **facts: Any) -> None:
    """Note that something was played."""
    given = {"account": "me", "service": "spotify", "origin": "export", "kind": "track",
             "track": "Hey Boy Hey Girl", "artist": "The Chemical Brothers"}  # fmt: skip
    with session() as s:
        for number in range(times):
            moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
            key = f"{isrc}-{facts}-{number}"[:64]
            s.add(PlayRow(key=key, isrc=isrc, played_at=moment, **{**given, **facts}))


def enrich() -> SubflowResult:
    return enrichment.enrich(load_settings(), lambda: True)


def known(kind: EntityKind) -> dict[str, Entity]:
    with session() as s:
        return {one.id: one for one in music_entities.every(s, Provider.MUSICBRAINZ, kind)}


def test_a_played_isrc_leads_to_recording_artist_and_areas(
    database: str, service: Service, catalogue: Catalogue
) -> None:
    play()
    result = enrich()
    assert (result.status, result.errors) == (Outcome.SUCCESS, ())
    (recording,) = catalogue.recordings
    (artist,) = catalogue.artists
    assert known(EntityKind.ISRC)[ISRC].document == {
        "recordings": [{"id": recording, "title": "Hey Boy Hey Girl"}],
        "chosen_by": "only",
        "refused": [],
    }
    assert known(EntityKind.RECORDING)[recording].document == {
        "title": "Hey Boy Hey Girl",
        "length_ms": 240_000,
        "artists": [{"id": artist, "name": "The Chemical Brothers"}],
        "release_groups": [
            {"id": mbid("group", "Hey Boy Hey Girl"), "title": "Hey Boy Hey Girl",
             "type": "Single", "first_released": "2004-03-17"}
        ],
        "isrcs": [ISRC],
    }  # fmt: skip
    said = known(EntityKind.ARTIST)[artist].document
    assert said["aliases"] == ["Chemical Bros"]
    assert said["tags"] == [{"name": "electronic", "count": 12}, {"name": "big beat", "count": 9}]
    assert said["genres"] == [{"name": "big beat", "count": 9}]
    areas = known(EntityKind.AREA)
    assert areas[said["area_id"]].document["parent_id"] == mbid("area", "England")
    assert areas[mbid("area", "United Kingdom")].document["iso_3166_1"] == ["GB"]


def test_a_country_that_an_answer_names_is_not_asked_for(service: Service) -> None:
    play()
    enrich()
    assert f"area/{mbid('area', 'England')}" in service.paths
    assert f"area/{mbid('area', 'United Kingdom')}" not in service.paths


def test_a_second_run_asks_nothing(service: Service) -> None:
    play()
    first = enrich().metrics["requests"]
    result = enrich()
    assert (first, len(service.paths)) == (5, 5)
    assert (result.status, result.metrics["requests"]) == (Outcome.NO_UPDATES, 0)
    assert result.metrics["cache_hits"] == 1


def test_who_asks_says_so(service: Service) -> None:
    play()
    enrich()
    agent = service.server.asked[0].headers["User-Agent"]
    assert agent.startswith("NightShift/") and agent.endswith(" (me@example.org)")


def test_connections_are_kept_open(service: Service, catalogue: Catalogue) -> None:
    for number in range(30):
        isrc = f"GBAAA99{number:05}"
        catalogue.recording(f"Song {number}", next(iter(catalogue.artists)), isrc)
        play(isrc, track=f"Song {number}")
    assert enrich().metrics["requests"] == 63
    assert service.server.connections <= 12


def test_what_is_not_there_is_remembered_and_asked_for_again_later(
    service: Service, override: Override
) -> None:
    play(OTHER)
    assert enrich().metrics["not_found"] == 1
    assert enrich().metrics["requests"] == 0
    later = clock.now() + timedelta(days=31)
    with clock.set_to(clock._clock._replace(now=lambda: later)):
        assert enrich().metrics["requests"] == 1


def test_what_it_said_is_asked_for_again_when_it_is_old(service: Service) -> None:
    play()
    enrich()
    later = clock.now() + timedelta(days=91)
    with clock.set_to(clock._clock._replace(now=lambda: later)):
        assert enrich().metrics["requests"] >= 5
        moments = {one.fetched_at for kind in EntityKind for one in known(kind).values()}
        assert moments == {later}


def test_the_most_played_is_asked_for_first_and_whole(
    service: Service, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_IN_FLIGHT", 1)  # or the next track begins beside it
    artist = catalogue.artist("Somebody else")
    catalogue.recording("Rarely", artist, OTHER)
    play(OTHER, track="Rarely", artist="Somebody else")
    play(ISRC, times=3)
    enrich()
    assert service.paths[0] == f"isrc/{ISRC}"
    assert service.paths.index(f"isrc/{OTHER}") == 5


def test_an_isrc_is_found_by_spotifys_track(database: str, service: Service) -> None:
    track = "4uLU6hMCjMI75M1A2tKUQC"
    said = {"title": "Hey Boy Hey Girl", "isrc": ISRC, "duration_ms": 240_100}
    with session() as s:
        music_entities.put(s, [entity(Provider.SPOTIFY, EntityKind.TRACK, track, said)])
    play(None, spotify_track_id=track)
    assert enrich().metrics["isrcs"] == 1


def entity(source: Provider, kind: EntityKind, known: str, document: Any) -> Entity:
    return Entity(source=source, kind=kind, id=known, document=document, fetched_at=clock.now())


def test_plays_with_ids_of_musicbrainz_are_looked_up_by_them(
    service: Service, catalogue: Catalogue
) -> None:
    (recording,), (artist,) = catalogue.recordings, catalogue.artists
    play(None, recording_mbid=recording, artist_mbid=artist)
    enrich()
    assert known(EntityKind.RECORDING).keys() == {recording}
    assert service.paths.count(f"artist/{artist}") == 1


def test_a_limit_is_of_tracks_and_the_rest_is_for_the_next_run(
    service: Service, catalogue: Catalogue, override: Override
) -> None:
    use(service, override, musicbrainz_fetch_limit=2)
    for number in range(3):
        isrc = f"GBAAA99{number:05}"
        catalogue.recording(f"Song {number}", next(iter(catalogue.artists)), isrc)
        play(isrc, track=f"Song {number}")
    first = enrich()
    assert (first.metrics["rows"], first.metrics["left"]) == (2, 1)
    assert first.status is Outcome.SUCCESS  # a limit is what was wanted
    assert enrich().metrics["rows"] == 1
    assert enrich().status is Outcome.NO_UPDATES


@pytest.mark.parametrize("redirects", [False, True])
def test_a_merged_id_is_noted_with_the_one_that_it_became(
    service: Service, catalogue: Catalogue, redirects: bool
) -> None:
    (recording,) = catalogue.recordings
    old = mbid("old")
    catalogue.merged[old], catalogue.redirects = recording, redirects
    play(None, recording_mbid=old)
    result = enrich()
    found = known(EntityKind.RECORDING)
    assert found[old].canonical_id == recording
    assert found[recording].canonical_id is None
    assert found[old].document == found[recording].document
    assert result.metrics["merged"] == 1
    assert enrich().metrics["requests"] == 0


def test_a_redirect_to_another_address_ends_the_asking_and_nothing_known_is_lost(
    service: Service, catalogue: Catalogue, override: Override
) -> None:
    (recording,) = catalogue.recordings
    play(None, recording_mbid=recording)
    enrich()
    before = known(EntityKind.RECORDING)[recording].document
    with session() as s:
        s.execute(update(EntityRow).where(EntityRow.id == recording).values(expires_at=clock.now()))
    moved = {"Location": f"https://elsewhere.example/ws/2/recording/{recording}"}
    service.moods[f"recording/{recording}"] = [Answer(301, headers=moved)]
    result = enrich()
    assert result.status is Outcome.FAILED
    assert "NIGHTSHIFT_MUSIC__MUSICBRAINZ_URL" in result.errors[0].message
    assert known(EntityKind.RECORDING)[recording].document == before


def test_ids_that_were_merged_in_a_circle_end(service: Service, catalogue: Catalogue) -> None:
    one, other = mbid("one"), mbid("other")
    catalogue.merged |= {one: other, other: one}
    catalogue.redirects = True
    play(None, recording_mbid=one)
    result = enrich()
    assert "circle" in result.errors[0].message
    assert result.metrics["requests"] < 10


def test_areas_in_a_circle_end(service: Service, catalogue: Catalogue) -> None:
    london, england = mbid("area", "London"), mbid("area", "England")
    catalogue.areas[england]["_within"] = [london]
    play()
    assert enrich().status is Outcome.SUCCESS
    assert service.paths.count(f"area/{london}") == service.paths.count(f"area/{england}") == 1


def test_an_area_lies_in_what_still_exists(service: Service, catalogue: Catalogue) -> None:
    union = catalogue.area("Soviet Union", iso_3166_1=["SU"], iso_3166_3=["SUHH"])
    russia = catalogue.area("Russia", iso_3166_1=["RU"])
    moscow = catalogue.area("Moscow", "City", union)
    catalogue.areas[moscow]["_within"] = [union, russia]
    catalogue.areas[moscow]["_ended"] = union
    catalogue.artists[next(iter(catalogue.artists))]["_area"] = moscow
    play()
    enrich()
    assert known(EntityKind.AREA)[moscow].document["parent_id"] == russia


def test_an_artist_without_area_and_credit_is_kept(service: Service, catalogue: Catalogue) -> None:
    artist = catalogue.artist("ボア", **{"life-span": None, "tags": None, "type": None})
    catalogue.recording("No area", artist, OTHER)
    play(OTHER, track="No area", artist="ボア")
    result = enrich()
    assert (result.status, result.errors) == (Outcome.SUCCESS, ())
    assert known(EntityKind.ARTIST)[artist].document["area_id"] is None


def test_of_several_recordings_the_one_that_was_played_comes_first(
    service: Service, catalogue: Catalogue
) -> None:
    (artist,) = catalogue.artists
    live = catalogue.recording("Hey Boy Hey Girl", artist, ISRC, length=400_000,
                               disambiguation="live")  # fmt: skip
    other = catalogue.recording("Hey Boy Hey Girl (remix)", artist, ISRC, disambiguation="remix")
    with session() as s:
        said = {"title": "Hey Boy Hey Girl", "isrc": ISRC, "duration_ms": 401_000}
        track = "4uLU6hMCjMI75M1A2tKUQC"
        music_entities.put(s, [entity(Provider.SPOTIFY, EntityKind.TRACK, track, said)])
    play(None, spotify_track_id=track)
    result = enrich()
    document = known(EntityKind.ISRC)[ISRC].document
    assert document["recordings"][0]["id"] == live
    assert document["chosen_by"] == "length"
    assert {one["id"] for one in document["recordings"]} >= {live, other}
    assert result.metrics["several_recordings"] == 1


def test_a_recording_under_a_wrong_isrc_is_not_taken(
    service: Service, catalogue: Catalogue
) -> None:
    artist = catalogue.artist("Somebody else")
    wrong = catalogue.recording("Quite another song", artist, OTHER, length=100_000)
    play(OTHER, track="Hey Boy Hey Girl", artist="The Chemical Brothers")
    result = enrich()
    document = known(EntityKind.ISRC)[OTHER].document
    assert (document["recordings"], document["chosen_by"]) == ([], None)
    assert document["refused"] == [{"id": wrong, "title": "Quite another song"}]
    assert result.metrics["refused_recordings"] == 1
    assert service.paths == [f"isrc/{OTHER}"]


@pytest.mark.parametrize(
    "mood",
    [
        server.busy(),
        server.exceeded(),
        Answer(500, b"<html>oops\x00</html>"),
        server.page(),
        server.page(502),
        Answer(body=b'{"isrc": "GBAA', headers={"Content-Type": "application/json"}),
        Answer(body=b'{"isrc": "GBAAA9900303"}', cut_to=9),
        Answer(body=b"[]"),
    ],
    ids=["busy", "exceeded", "500", "page", "502", "half", "cut", "list"],
)
def test_what_may_pass_is_asked_for_again(service: Service, mood: Answer) -> None:
    service.moods[f"isrc/{ISRC}"] = [mood]
    play()
    result = enrich()
    assert (result.status, result.errors) == (Outcome.SUCCESS, ())
    assert service.paths.count(f"isrc/{ISRC}") == 2


def test_one_that_is_too_slow_is_asked_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> Answer:
        time.sleep(1.0)
        return server.busy()

    monkeypatch.setattr("utils.music.service._TIMEOUT", 0.5)
    service.moods[f"isrc/{ISRC}"] = [slow]
    play()
    result = enrich()
    assert (result.status, result.errors) == (Outcome.SUCCESS, ())
    assert service.paths.count(f"isrc/{ISRC}") == 2


def test_what_fails_each_time_is_told_and_the_rest_goes_on(
    service: Service, catalogue: Catalogue
) -> None:
    catalogue.recording("Another", next(iter(catalogue.artists)), OTHER)
    service.moods[f"isrc/{ISRC}"] = [server.page(500)] * 9
    play(ISRC)
    play(OTHER, track="Another")
    result = enrich()
    assert result.status is Outcome.PARTIAL
    assert [one.what for one in result.errors] == [f"isrc {ISRC}"]
    assert OTHER in known(EntityKind.ISRC) and ISRC not in known(EntityKind.ISRC)


def test_who_is_refused_stops_and_is_told_what_to_set(service: Service) -> None:
    service.moods[f"isrc/{ISRC}"] = [server.failed(403, "Your user agent is blocked.")]
    play()
    result = enrich()
    assert result.status is Outcome.FAILED
    assert result.errors[0].error_class == "SettingsError"
    assert "NIGHTSHIFT_MUSIC__CONTACT" in result.errors[0].message
    assert len(service.paths) == 1


def test_a_server_that_is_no_musicbrainz_is_a_wrong_setting(
    service: Service, override: Override
) -> None:
    use(service, override, musicbrainz_url=service.server.url)
    service.moods["/" + f"isrc/{ISRC}"] = [server.page(404)]
    play()
    (error,) = enrich().errors
    assert "NIGHTSHIFT_MUSIC__MUSICBRAINZ_URL" in error.message


def test_a_service_that_is_down_is_left_alone(catalogue: Catalogue, override: Override) -> None:
    with server.musicbrainz(catalogue) as running:
        use(running, override)
    for number in range(40):
        play(f"GBAAA99{number:05}")
    result = enrich()
    assert result.status is Outcome.FAILED
    assert result.metrics["requests"] <= 40
    assert "does not answer" in result.errors[-1].message
    assert result.metrics["left"] > 20


def test_an_id_that_it_calls_invalid_is_not_asked_for_every_night(service: Service) -> None:
    service.moods[f"isrc/{ISRC}"] = [server.failed(400, "Invalid isrc.")]
    play()
    assert "Invalid isrc." in enrich().errors[0].message
    assert enrich().metrics["requests"] == 0


def test_answers_are_taken_for_no_more_than_they_are(service: Service) -> None:
    nonsense = {
        "recordings": [
            None, 7, {"id": "../../etc"}, {"id": None, "title": "x"},
            {"id": mbid("a"), "title": "a\x00b" * 900, "length": -1, "artist-credit": "?"},
            {"id": mbid("b"), "title": ["x"], "length": 2**70, "artist-credit": [{"artist": 5}]},
        ]
    }  # fmt: skip
    service.moods[f"isrc/{ISRC}"] = [Answer.of_json(nonsense)]
    play(track="x", artist=None)
    enrich()
    titles = {
        one["id"]: one["title"] for one in known(EntityKind.ISRC)[ISRC].document["recordings"]
    }
    assert titles.keys() == {mbid("a"), mbid("b")}
    assert titles[mbid("a")] == ("ab" * 900)[:500] and titles[mbid("b")] == ""


def test_an_answer_without_end_is_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.music.service.MOST_BYTES", 1000)
    service.moods[f"isrc/{ISRC}"] = [Answer(body=b" " * 5000)]
    play()
    assert "sends more than" in enrich().errors[0].message


def test_when_the_time_is_over_the_rest_is_for_the_next_run(
    service: Service, catalogue: Catalogue, override: Override
) -> None:
    use(service, override, musicbrainz_per_second=4.0, musicbrainz_timeout=1)
    for number in range(10):
        play(f"GBAAA99{number:05}")
    result = enrich()
    assert result.status is Outcome.PARTIAL
    assert "NIGHTSHIFT_MUSIC__MUSICBRAINZ_TIMEOUT" in result.errors[0].message
    assert result.metrics["requests"] <= 5
    assert result.metrics["left"] + result.metrics["not_found"] == 10


def test_a_rest_that_is_longer_than_the_run_ends_it_at_once(
    service: Service, override: Override
) -> None:
    use(service, override, musicbrainz_timeout=600)
    service.moods[f"isrc/{ISRC}"] = [server.exceeded("3600")]
    play()
    play(OTHER)
    result = enrich()
    assert result.seconds < 60
    assert result.metrics["left"] >= 1
    assert "for the next run" in result.errors[0].message


def test_what_a_killed_run_began_is_gone_on_with(service: Service, catalogue: Catalogue) -> None:
    play()
    enrich()
    with session() as s:
        for kind in (EntityKind.ARTIST, EntityKind.AREA):
            s.execute(delete(EntityRow).where(EntityRow.kind == kind))
    result = enrich()
    assert result.metrics["requests"] == 3
    assert known(EntityKind.ARTIST).keys() == catalogue.artists.keys()


def test_new_tracks_are_taken_while_another_finds_them(service: Service) -> None:
    asked = 0

    def is_last() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            play()
        return asked == 2

    assert enrichment.enrich(load_settings(), is_last).metrics["isrcs"] == 1


@pytest.mark.parametrize("url", ["", "musicbrainz.org", "file:///etc/passwd", "http://"])
def test_an_address_that_is_none_is_a_wrong_setting(override: Override, url: str) -> None:
    override(music=MusicSettings(musicbrainz_url=url))
    play()
    assert enrich().errors[0].error_class == "SettingsError"


def test_a_contact_can_not_add_headers(service: Service, override: Override) -> None:
    use(service, override, contact="me\r\nX-Evil: 1 (ü)")
    play()
    assert enrich().status is Outcome.SUCCESS
    assert "X-Evil" not in service.server.asked[0].headers
