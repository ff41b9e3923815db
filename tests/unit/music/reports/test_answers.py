"""Answers are what a person gets who counts the plays by hand."""

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from pydantic import ValidationError

from tests.star_schema import Artist, Play, key_of, write
from utils.config import Settings
from utils.errors import UsageError
from utils.models.music_answers import Asked, Step
from utils.music.reports import answers
from utils.music.star_schema import tables

BERLIN = ZoneInfo("Europe/Berlin")
KRAFTWERK = Artist(
    "Kraftwerk", "DE", "Germany", "Düsseldorf", (51.2, 6.8), ("electronic", "krautrock")
)
EINSTUERZENDE = Artist(
    "Einstürzende Neubauten", "DE", "Germany", "Berlin", (52.5, 13.4), ("industrial",)
)
HIKARU = Artist("宇多田ヒカル", "JP", "Japan", "東京都", (35.7, 139.7), ("j-pop", "electronic"))
UNKNOWN = Artist("nobody knows")
GEORGIAN = Artist("Nino Katamadze", "GE", "Georgia", "Tbilisi")
OTIS = Artist("Otis Redding", "US", "United States", "Georgia")
NOON = datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.fixture
def berlin(settings: Settings) -> Settings:
    return settings.model_copy(update={"timezone": "Europe/Berlin"})


def asked_of(berlin: Settings, plays: list[Play]) -> duckdb.DuckDBPyConnection:
    write(berlin, plays)
    return tables.opened(berlin)


def many(number: int) -> list[Play]:
    """Plays of five artists over three years, at random but always the same."""
    chance = random.Random(13)
    artists = (KRAFTWERK, EINSTUERZENDE, HIKARU, UNKNOWN, OTIS)
    return [
        Play(
            datetime(2023, 6, 1, tzinfo=UTC)
            + timedelta(seconds=chance.randrange(3 * 366 * 86_400)),
            artist := chance.choice(artists),
            f"song {(song := chance.randrange(9))} of {artist.name}",
            f"album {song // 3}" if song < 6 else None,
            chance.choice((None, 1_000, 61_234, 200_000)),
            240_000 if song % 2 else None,
            f"{song}" * 64 if song == 4 else None,
            chance.choice((None, "DE", "FR")),
        )
        for _ in range(number)
    ]


def ms_of(play: Play) -> int:
    return play.duration_ms or 0 if play.ms is None else play.ms


def test_every_answer_is_what_counting_by_hand_gives(berlin: Settings) -> None:
    plays = many(1_500)
    connection = asked_of(berlin, plays)
    asked = Asked(
        since=datetime(2024, 1, 1, tzinfo=BERLIN), until=datetime(2025, 3, 30, tzinfo=BERLIN)
    )
    heard = [play for play in plays if asked.since <= play.at < asked.until]

    def counted(key: Any) -> dict[object, tuple[int, float]]:
        found: dict[object, list[int]] = defaultdict(list)
        for play in heard:
            for one in key(play):
                found[one].append(ms_of(play))
        return {one: (len(ms), round(sum(ms) / 60_000, 2)) for one, ms in found.items()}

    def told(rows: Any, name: str = "name") -> dict[object, tuple[int, float]]:
        return {getattr(row, name): (row.plays, row.minutes) for row in rows}

    top = answers.top
    assert told(top(connection, asked, "artists", 99)) == counted(lambda p: [p.artist.name])
    assert told(top(connection, asked, "tracks", 99)) == counted(lambda p: [p.title])
    assert told(top(connection, asked, "genres", 99)) == counted(lambda p: p.artist.genres)
    albums = {(row.name, row.by): (row.plays, row.minutes)
              for row in top(connection, asked, "albums", 99)}  # fmt: skip
    assert albums == counted(lambda p: [(p.album, p.artist.name)] if p.album else [])
    places = answers.places
    assert told(places(connection, asked, "country", 99), "country_code") == counted(
        lambda p: [p.artist.country_code]
    )
    assert told(places(connection, asked, "city", 99)) == counted(lambda p: [p.artist.area])
    assert told(places(connection, asked, "heard", 99), "country_code") == counted(
        lambda p: [p.heard_in]
    )
    hours = {(row.weekday, row.hour): (row.plays, row.minutes)
             for row in answers.habits(connection, asked) if row.plays}  # fmt: skip
    assert hours == counted(
        lambda p: [((local := p.at.astimezone(BERLIN)).isoweekday(), local.hour)]
    )
    months = {row.name: (row.plays, row.minutes)
              for row in answers.timeline(connection, asked, "month", BERLIN)}  # fmt: skip
    assert months == counted(lambda p: [f"{p.at.astimezone(BERLIN):%Y-%m}"])
    assert told(answers.missing(connection, asked, 99)) == {
        title: number
        for title, number in counted(lambda p: [p.title]).items()
        if "song 4" not in str(title)
    }
    totals = answers.totals(connection, asked)
    assert totals.plays == len(heard)
    assert totals.without_length == sum(p.ms is None and p.duration_ms is None for p in heard)
    assert (totals.artists, totals.tracks) == (5, len({p.title for p in heard}))


@pytest.mark.parametrize("moment", ["timestamp", "timestamptz"])
def test_a_period_holds_its_first_moment_and_not_its_last(berlin: Settings, moment: str) -> None:
    begin, end = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)
    second = timedelta(seconds=1)
    moments = [begin.astimezone(UTC) - second, begin, end.astimezone(UTC) - second, end]
    write(berlin, [Play(at.astimezone(UTC), KRAFTWERK, "Autobahn") for at in moments], moment)
    connection = tables.opened(berlin)
    asked = Asked(since=begin, until=end)
    assert answers.top(connection, asked, "artists", 9)[0].plays == 2
    (row,) = answers.timeline(connection, asked, "day", BERLIN)
    assert (row.name, row.plays) == ("2026-03-29", 2)  # a day of 23 hours
    assert answers.totals(connection, asked).last_at == end - second


def test_the_hour_that_comes_twice_is_one_hour_of_the_week(berlin: Settings) -> None:
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # both 02:30
    connection = asked_of(berlin, [Play(at, KRAFTWERK, "Uhr") for at in twice])
    rows = answers.habits(connection, Asked())
    assert len(rows) == 168
    assert [(row.weekday, row.hour, row.plays) for row in rows if row.plays] == [(7, 2, 2)]


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("day", ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]),
        ("week", ["2026-W01"]),
        ("month", ["2025-12", "2026-01"]),
        ("year", ["2025", "2026"]),
    ],
)
def test_a_timeline_has_no_gaps(berlin: Settings, step: Step, names: list[str]) -> None:
    first = datetime(2025, 12, 29, 23, 30, tzinfo=UTC)  # the 30th in Berlin
    last = datetime(2026, 1, 2, 12, tzinfo=UTC)
    connection = asked_of(berlin, [Play(at, KRAFTWERK, "Neujahr") for at in (first, last)])
    rows = answers.timeline(connection, Asked(), step, BERLIN)
    assert [row.name for row in rows] == names
    assert sum(row.plays for row in rows) == 2
    assert rows[0].begins_on <= date(2025, 12, 30)


def test_a_timeline_goes_as_far_as_is_asked(berlin: Settings) -> None:
    connection = asked_of(berlin, [Play(NOON, KRAFTWERK, "März")])
    asked = Asked(
        since=datetime(2026, 1, 15, tzinfo=BERLIN), until=datetime(2026, 5, 1, tzinfo=BERLIN)
    )
    rows = answers.timeline(connection, asked, "month", BERLIN)
    assert [(row.name, row.plays) for row in rows] == [
        ("2026-01", 0), ("2026-02", 0), ("2026-03", 1), ("2026-04", 0),
    ]  # fmt: skip


def test_tables_of_another_time_zone_lose_no_play(berlin: Settings) -> None:
    connection = asked_of(berlin, [Play(NOON.replace(hour=1), KRAFTWERK, "Nacht")])
    auckland = ZoneInfo("Pacific/Auckland")
    for zone, since in ((auckland, NOON.replace(hour=0)), (ZoneInfo("America/Los_Angeles"), None)):
        asked = Asked(since=since, until=NOON.replace(hour=2))
        rows = answers.timeline(connection, asked, "day", zone)
        assert sum(row.plays for row in rows) == 1


def test_a_timeline_of_all_ages_is_refused_and_by_year_it_is_not(berlin: Settings) -> None:
    connection = asked_of(berlin, [Play(NOON, KRAFTWERK, "Zeit")])
    asked = Asked(since=datetime(1, 1, 2, tzinfo=UTC), until=datetime(9999, 12, 30, tzinfo=UTC))
    with pytest.raises(UsageError, match="by year"):
        answers.timeline(connection, asked, "day", BERLIN)
    for step in ("year",):
        assert len(answers.timeline(connection, asked, step, BERLIN)) == 9999


def test_a_period_that_ends_before_it_begins_is_none() -> None:
    for until in (NOON, NOON - timedelta(days=1)):
        with pytest.raises(ValidationError, match="until is not after since"):
            Asked(since=NOON, until=until)
    with pytest.raises(ValidationError, match="no calendar"):
        Asked(since=datetime(1, 1, 1, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("DE", {"Kraftwerk", "Einstürzende Neubauten"}),
        ("de", {"Kraftwerk", "Einstürzende Neubauten"}),
        ("DEU", {"Kraftwerk", "Einstürzende Neubauten"}),
        (" germany ", {"Kraftwerk", "Einstürzende Neubauten"}),
        ("Dusseldorf", {"Kraftwerk"}),
        ("DÜSSELDORF", {"Kraftwerk"}),
        ("東京都", {"宇多田ヒカル"}),
        ("Georgia", {"Nino Katamadze", "Otis Redding"}),  # a country and a state
        ("GE", {"Nino Katamadze"}),
        ("Atlantis", set()),
        ("' OR 1=1 --", set()),
    ],
)
def test_a_place_is_a_country_or_an_area_that_artists_come_from(
    berlin: Settings, place: str, names: set[str]
) -> None:
    artists = (KRAFTWERK, EINSTUERZENDE, HIKARU, UNKNOWN, GEORGIAN, OTIS)
    connection = asked_of(berlin, [Play(NOON, artist, "x") for artist in artists])
    assert {one.name for one in answers.top(connection, Asked(place=place), "artists", 9)} == names


def test_equals_stand_in_an_order_that_stays(berlin: Settings) -> None:
    twins = [Artist("Twin", key=f"mbid:{n}") for n in (2, 1)]
    plays = [
        Play(NOON, artist, "x")
        for artist in (*twins, Artist("élan"), Artist("Zebra"), Artist("eager"))
    ]
    plays += [Play(NOON, Artist("longer"), "y", ms=999_999)]
    connection = asked_of(berlin, plays)
    expected = ["longer", "eager", "élan", "Twin", "Twin", "Zebra"]
    for _ in range(3):
        rows = answers.top(connection, Asked(), "artists", 9)
        assert [row.name for row in rows] == expected
        assert [row.key for row in rows if row.name == "Twin"] == ["mbid:1", "mbid:2"]


def test_what_was_heard_long_is_asked_by_minutes(berlin: Settings) -> None:
    plays = [Play(NOON, KRAFTWERK, "Autobahn", ms=1_360_000)] + 3 * [
        Play(NOON, HIKARU, "光", ms=1_000)
    ]
    connection = asked_of(berlin, plays)
    first = {order: answers.top(connection, Asked(), "artists", 1, order)[0].name
             for order in ("plays", "minutes")}  # fmt: skip
    assert first == {"plays": "宇多田ヒカル", "minutes": "Kraftwerk"}


def test_only_what_was_never_heard_before_the_period_is_new(berlin: Settings) -> None:
    plays = [
        Play(NOON - timedelta(days=40), KRAFTWERK, "old"),
        *(Play(NOON + timedelta(days=n), KRAFTWERK, "old") for n in range(3)),
        *(Play(NOON + timedelta(days=n), HIKARU, "new") for n in (1, 2, 30)),
        Play(NOON + timedelta(days=2), OTIS, "newest"),
        Play(NOON + timedelta(days=29), GEORGIAN, "after it"),
    ]
    asked = Asked(since=NOON, until=NOON + timedelta(days=10))
    connection = asked_of(berlin, plays)
    rows = answers.new(connection, asked, "artists", 9)
    assert [(row.name, row.plays) for row in rows] == [("Otis Redding", 1), ("宇多田ヒカル", 2)]
    assert rows[1].first_heard_at == NOON + timedelta(days=1)
    assert [row.name for row in answers.new(connection, asked, "tracks", 9)] == ["newest", "new"]


def test_what_was_heard_often_and_is_no_file_is_missing(berlin: Settings) -> None:
    plays = [
        *3 * [Play(NOON, KRAFTWERK, "a file", item_id="a" * 64)],
        *2 * [Play(NOON, HIKARU, "光", "Deep River")],
        Play(NOON, OTIS, "once"),
    ]
    connection = asked_of(berlin, plays)
    rows = answers.missing(connection, Asked(), 9)
    assert [(row.name, row.by, row.album, row.plays) for row in rows] == [
        ("光", "宇多田ヒカル", "Deep River", 2), ("once", "Otis Redding", None, 1),
    ]  # fmt: skip
    assert [row.name for row in answers.missing(connection, Asked(), 9, least=2)] == ["光"]


def test_what_is_not_known_of_is_the_last_of_places(berlin: Settings) -> None:
    plays = [*5 * [Play(NOON, UNKNOWN, "?")], Play(NOON, HIKARU, "光", heard_in="ZZ")]
    connection = asked_of(berlin, plays)
    rows = answers.places(connection, Asked(), "country", 9)
    assert [(row.name, row.country_code, row.plays) for row in rows] == [
        ("Japan", "JP", 1), (None, None, 5),
    ]  # fmt: skip
    assert [row.name for row in answers.places(connection, Asked(), "heard", 9)] == ["ZZ", None]
    city = answers.places(connection, Asked(), "city", 9)[0]
    assert (city.name, city.latitude, city.longitude) == ("東京都", 35.7, 139.7)


def test_no_plays_are_answered_by_nothing(berlin: Settings) -> None:
    connection = asked_of(berlin, [])
    assert answers.top(connection, Asked(), "artists", 9) == ()
    assert answers.timeline(connection, Asked(), "day", BERLIN) == ()
    assert answers.totals(connection, Asked()).first_at is None
    assert Counter(row.plays for row in answers.habits(connection, Asked())) == {0: 168}


def test_artists_of_one_name_are_two(berlin: Settings) -> None:
    artists = [Artist("Nirvana", "US", key="mbid:us"), Artist("Nirvana", "GB", key="mbid:gb")]
    connection = asked_of(berlin, [Play(NOON, one, "x") for one in artists])
    assert {row.key for row in answers.top(connection, Asked(), "artists", 9)} == {
        key_of(one) for one in artists
    }
