"""Where areas lie is known offline, and says what it is of."""

from __future__ import annotations

from typing import Any

import pycountry
import pytest

from tests.servers.musicbrainz import mbid
from utils import clock
from utils.db import music_entities
from utils.db.session import session
from utils.models.music import Entity, EntityKind, Outcome, Provider, SubflowResult
from utils.music import geography, places

Area = dict[str, Any]


def area(name: str, kind: str = "City", parent: str | None = None, **codes: list[str]) -> Area:
    return {"name": name, "type": kind, "parent_id": parent,
            "iso_3166_1": [], "iso_3166_2": [], "iso_3166_3": [], **codes}  # fmt: skip


KINGDOM = area("United Kingdom", "Country", iso_3166_1=["GB"])
AREAS = {
    "gb": KINGDOM,
    "england": area("England", "Subdivision", "gb", iso_3166_2=["GB-ENG"]),
    "leeds": area("Leeds", parent="england"),
    "village": area("Wookey Hole", parent="england"),
    "us": area("United States", "Country", iso_3166_1=["US"]),
    "oregon": area("Oregon", "Subdivision", "us", iso_3166_2=["US-OR"]),
    "maine": area("Maine", "Subdivision", "us", iso_3166_2=["US-ME"]),
    "new york": area("New York", "Subdivision", "us", iso_3166_2=["US-NY"]),
    "portland": area("Portland", parent="oregon"),
    "berlin": area("Berlin", "City", "de", iso_3166_2=["DE-BE"]),
    "wien": area("Wien", "City", None, iso_3166_2=["AT-9"]),
    "union": area("Soviet Union", "Country", iso_3166_1=["SU"], iso_3166_3=["SUHH"]),
    "czechoslovakia": area("Czechoslovakia", "Country", iso_3166_1=["XC"]),
    "yugoslavia": area("Yugoslavia", "Country", iso_3166_1=["YU"]),
    "europe": area("[Europe]", "Country", iso_3166_1=["XE"]),
    "world": area("[Worldwide]", "Country", iso_3166_1=["XW"]),
    "holland": area("Holland", "Country"),
    "atlantis": area("Atlantis", "Country"),
    "here": area("Here", parent="there"),
    "there": area("There", parent="here"),
    "cut off": area("Somewhere", parent="nobody was asked"),
}


def found(name: str) -> dict[str, Any]:
    return geography.located(name, AREAS).document


@pytest.mark.parametrize(
    ("name", "code", "part", "continent", "how", "near"),
    [
        ("gb", "GB", None, "Europe", "country", (54, -2)),
        ("england", "GB", "GB-ENG", "Europe", "country", (54, -2)),
        ("leeds", "GB", "GB-ENG", "Europe", "city", (53.8, -1.5)),
        ("village", "GB", "GB-ENG", "Europe", "country", (54, -2)),
        ("us", "US", None, "North America", "country", (39, -98)),
        ("portland", "US", "US-OR", "North America", "city", (45.5, -122.7)),
        ("new york", "US", "US-NY", "North America", "state", (40.7, -74)),
        ("berlin", "DE", "DE-BE", "Europe", "city", (52.5, 13.4)),
        ("wien", "AT", "AT-9", "Europe", "city", (48.2, 16.4)),
        ("union", "SU", None, "Europe", "former country", (55.8, 37.6)),
        ("czechoslovakia", "XC", None, "Europe", "former country", (50, 14.4)),
        ("yugoslavia", "YU", None, "Europe", "former country", (44.8, 20.5)),
        ("holland", "NL", None, "Europe", "country", (52.3, 5.5)),
    ],
)
def test_an_area_has_a_country_a_continent_and_a_point(
    name: str, code: str, part: str, continent: str, how: str, near: tuple[float, float]
) -> None:
    said = found(name)
    assert (said["country_code"], said["subdivision"]) == (code, part)
    assert (said["continent"], said["how"]) == (continent, how)
    assert said["latitude"] == pytest.approx(near[0], abs=1.5)
    assert said["longitude"] == pytest.approx(near[1], abs=1.5)


def test_names_and_long_codes_are_told_too() -> None:
    said = found("england")
    assert (said["country"], said["country_code3"]) == ("United Kingdom", "GBR")
    assert said["subdivision_name"] == "England"
    assert (found("union")["country"], found("union")["country_code3"]) == ("Soviet Union", "SUN")


def test_a_region_has_no_country_and_no_point() -> None:
    for name, continent in (("europe", "Europe"), ("world", None)):
        said = found(name)
        assert (said["how"], said["continent"]) == ("region", continent)
        assert said["country_code"] is said["latitude"] is None


@pytest.mark.parametrize("name", ["atlantis", "here", "cut off", "not there"])
def test_what_lies_nowhere_is_unknown(name: str) -> None:
    assert found(name)["how"] == "unknown"
    assert found(name)["country_code"] is None


def test_one_whose_parent_was_not_asked_for_yet_is_not_whole() -> None:
    assert not geography.located("cut off", AREAS).is_whole
    assert geography.located("atlantis", AREAS).is_whole


def test_every_country_of_iso_is_in_the_table() -> None:
    for one in pycountry.countries:
        known = places.country(one.alpha_2)
        assert known is not None and known.code3 == one.alpha_3, one
        assert known.continent in {"Africa", "Antarctica", "Asia", "Europe", "North America",
                                   "Oceania", "South America"}  # fmt: skip
        if known.latitude is None:
            assert one.alpha_2 in {"BV", "UM"}  # nobody lives there
        else:
            assert -90 <= known.latitude <= 90 and -180 <= known.longitude <= 180


@pytest.mark.parametrize(
    ("name", "code"),
    [("UK", "GB"), ("England", "GB"), ("USA", "US"), ("Holland", "NL"), ("Côte d'Ivoire", "CI"),
     ("Ivory Coast", "CI"), ("South Korea", "KR"), ("Russia", "RU"), ("Türkiye", "TR"),
     ("Turkey", "TR"), ("Việt Nam", "VN"), ("deutschland", "DE"), ("Nowhere", None), ("", None)],
)  # fmt: skip
def test_a_country_is_known_by_what_people_call_it(name: str, code: str | None) -> None:
    assert places.code_of(name) == code


@pytest.mark.parametrize(
    ("name", "country", "latitude"),
    [("München", "DE", 48.1), ("Munich", "DE", 48.1), ("Łódź", "PL", 51.8), ("Xi’an", "CN", 34.3),
     ("Reykjavík", "IS", 64.1), ("London", "CA", 43.0), ("Phnom Penh", "KH", 11.6)],
)  # fmt: skip
def test_a_city_is_known_by_its_names_in_its_country(
    name: str, country: str, latitude: float
) -> None:
    assert places.city(name, country)[0] == pytest.approx(latitude, abs=0.2)


def put(source: Provider, kind: EntityKind, known: str, document: Any) -> None:
    with session() as s:
        music_entities.put(s, [Entity(source=source, kind=kind, id=known, document=document,
                                      fetched_at=clock.now())])  # fmt: skip


def artist(
    name: str, area_id: str | None, begin_area_id: str | None = None, country: str | None = None
) -> None:
    said = {"name": name, "area_id": area_id, "begin_area_id": begin_area_id, "country": country}
    put(Provider.MUSICBRAINZ, EntityKind.ARTIST, mbid(name), said)


def enrich(limit: int | None = None) -> SubflowResult:
    return geography.enrich(limit, lambda: True)


def kept() -> dict[str, Entity]:
    with session() as s:
        return {one.id: one for one in music_entities.every(s, Provider.GEOGRAPHY, EntityKind.AREA)}


def test_areas_of_artists_are_kept_once(database: str) -> None:
    for name in ("gb", "england", "leeds", "atlantis"):
        put(Provider.MUSICBRAINZ, EntityKind.AREA, name, AREAS[name])
    artist("one", "leeds", "gb")
    artist("other", "leeds")
    artist("nobody", None)
    artist("lost", "atlantis")
    first = enrich()
    assert first.status is Outcome.SUCCESS
    assert (first.metrics["new"], first.metrics["without_area"]) == (3, 1)
    assert first.metrics["not_found"] == 1
    assert kept().keys() == {"leeds", "gb", "atlantis"}
    assert not kept()["atlantis"].found
    second = enrich()
    assert (second.status, second.metrics["new"]) == (Outcome.NO_UPDATES, 0)


def test_an_area_that_moved_is_written_again() -> None:
    put(Provider.MUSICBRAINZ, EntityKind.AREA, "a", area("Grozny", "Country", iso_3166_1=["SU"]))
    artist("one", "a")
    enrich()
    put(Provider.MUSICBRAINZ, EntityKind.AREA, "a", area("Grozny", "Country", iso_3166_1=["RU"]))
    assert enrich().metrics["changed"] == 1
    assert kept()["a"].document["country_code"] == "RU"


def test_a_limit_leaves_the_rest_for_the_next_run() -> None:
    for name in ("gb", "us", "union"):
        put(Provider.MUSICBRAINZ, EntityKind.AREA, name, AREAS[name])
        artist(name, name)
    assert (enrich(2).metrics["new"], len(kept())) == (2, 2)
    assert (enrich(2).metrics["new"], len(kept())) == (1, 3)


def test_areas_are_waited_for_while_another_finds_them() -> None:
    asked = 0

    def is_last() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            put(Provider.MUSICBRAINZ, EntityKind.AREA, "gb", KINGDOM)
            artist("one", "gb")
        return asked == 2

    assert geography.enrich(None, is_last).metrics["new"] == 1


def test_the_country_of_an_artist_stands_until_its_area_is_known() -> None:
    artist("one", "leeds", country="GB")
    assert enrich().metrics["waiting"] == 1
    assert kept()["leeds"].document["how"] == "country"
    for name in ("gb", "england", "leeds"):
        put(Provider.MUSICBRAINZ, EntityKind.AREA, name, AREAS[name])
    assert enrich().metrics["changed"] == 1
    assert kept()["leeds"].document["how"] == "city"
