"""What the tables say, against plain Python over the plays that they are made of."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.conftest import Override
from tests.listening import (
    NOON,
    artist_says,
    ask,
    file,
    isrc,
    isrc_says,
    mbid,
    play,
    random_plays,
    recording_says,
    say,
    spotify,
    track_says,
)
from utils.config import Settings, load_settings
from utils.db.music_tables import PlayRow
from utils.db.session import session
from utils.music import building, names

BERLIN = ZoneInfo("Europe/Berlin")
_EVERYTHING = """
SELECT count(*) FROM fact_track_played f
JOIN dim_date d USING (date_key) JOIN dim_time t USING (time_key) JOIN dim_track k USING (track_key)
LEFT JOIN dim_artist a ON a.artist_key = f.artist_key
LEFT JOIN dim_album b ON b.album_key = f.album_key
LEFT JOIN dim_artist o ON o.artist_key = b.artist_key
"""


def test_questions_are_answered_as_by_plain_python(settings: Settings, override: Override) -> None:
    override(timezone="Europe/Berlin")
    with session() as s:
        random_plays(s, random.Random(5), 300)
        for number in range(0, 40, 2):
            track_says(s, number, number % 9, album_id=spotify(8000 + number % 7))
        for number in range(0, 40, 3):
            isrc_says(s, number, number)
            recording_says(s, number, number % 9)
        rows = s.query(PlayRow).all()
        rows[3].kind, rows[4].duplicate_of = "episode", rows[5].id
    assert building.build(load_settings()).status == "success"
    plays = [row for row in rows if row.kind == "track" and not row.duplicate_of]

    assert ask(settings, _EVERYTHING) == [(len(plays),)]
    minutes = sum(row.ms_played or 0 for row in plays)
    assert ask(settings, "SELECT sum(ms_played) FROM fact_track_played") == [(minutes,)]

    heard: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    told: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    hours: Counter[tuple[int, int, str]] = Counter()
    for row in plays:
        here = row.played_at.astimezone(BERLIN)
        # Whichever way it is told, song n is of band n % 9.
        heard[here.year, here.month][f"Band {int(row.track.split()[1]) % 9}"] += 1
        told[here.year, here.month][f"Band {int(row.track.split()[1]) % 9}"] += bool(row.artist)
        part = ("night", "morning", "afternoon", "evening")[here.hour // 6]
        hours[here.isoweekday(), here.hour, part] += 1
    found = ask(
        settings,
        """
        SELECT d.year, d.month, coalesce(a.name, ''), count(*) FROM fact_track_played f
        JOIN dim_date d USING (date_key) LEFT JOIN dim_artist a USING (artist_key) GROUP BY ALL""",
    )
    named: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for year, month, name, count in found:
        named[year, month][name.replace("BAND", "Band")] += count
    for month_of, of in told.items():
        for name, count in of.items():  # others tell no artist, but an id that some know
            assert count <= named[month_of][name] <= heard[month_of][name]
    assert sum(count for *_, count in found) == len(plays)
    by_hour = ask(
        settings,
        """
        SELECT d.weekday, t.hour, t.part_of_day, count(*) FROM fact_track_played f
        JOIN dim_date d USING (date_key) JOIN dim_time t USING (time_key) GROUP BY ALL""",
    )
    assert {(day, hour, part): count for day, hour, part, count in by_hour} == hours
    first = ask(settings, "SELECT min(first_played_at), max(first_played_at) FROM dim_track")[0]
    assert first[0] == min(row.played_at for row in plays).replace(tzinfo=None)


def test_keys_are_those_of_the_documents(settings: Settings) -> None:
    with session() as s:
        play(s, "Ça ira (feat. Someone)", "Édith Piaf feat. X", album="Le Disque!")
        play(s, "By id", spotify_track_id=spotify(1))
        play(s, "By ISRC", isrc=isrc(2), spotify_track_id=spotify(2))
        play(s, "By recording", "Others", recording_mbid=mbid(3), isrc=isrc(3), artist_mbid=mbid(4))
        play(s, "By what Spotify says", spotify_track_id=spotify(5))
        track_says(s, 5, 5, album_id=spotify(8))
        play(s, "日本語の歌", "久石譲")
    building.build(settings)
    found = ask(
        settings,
        """SELECT title, track_key, artist_key, f.album_key
        FROM fact_track_played f JOIN dim_track USING (track_key)""".replace(
            "artist_key, f", "f.artist_key, f"
        ),
    )
    band = names.artist_key_name("Band")
    assert {title: keys for title, *keys in found} == {
        "Ça ira (feat. Someone)": [
            names.track_key_name("Ça ira", "Édith Piaf"),
            names.artist_key_name("Edith Piaf"),
            names.album_key_name("Le Disque!", "Édith Piaf feat. X"),
        ],
        "By id": [f"spotify:{spotify(1)}", band, None],
        "By ISRC": [f"isrc:{isrc(2)}", band, None],
        "By recording": [f"recording:{mbid(3)}", f"mbid:{mbid(4)}", None],
        "Song 5": [f"isrc:{isrc(5)}", f"spotify:{spotify(9005)}", f"spotify:{spotify(8)}"],
        "日本語の歌": [names.track_key_name("日本語の歌", "久石譲"),
                    names.artist_key_name("久石譲"), None],
    }  # fmt: skip


def test_an_isrc_is_the_recording_of_the_same_title_else_the_chosen_one(settings: Settings) -> None:
    with session() as s:
        play(s, "Song 1", isrc=isrc(1))
        play(s, "Song 2 (Live)", isrc=isrc(1))
        play(s, "Neither title", isrc=isrc(1))
        say(s, "musicbrainz", "isrc", isrc(1), recordings=[
            {"id": mbid(1), "title": "Song 1"},
            {"id": mbid(2), "title": "Song 2 (Live)"}])  # fmt: skip
        play(s, "Twice the same title", isrc=isrc(5))
        isrc_says(s, 5, 7, 6, title="Twice the same title")
        play(s, "Refused", isrc=isrc(8))
        recording_says(s, 8, isrcs=[isrc(8)])
        say(s, "musicbrainz", "isrc", isrc(8), recordings=[], refused=[{"id": mbid(8)}])
        play(s, "Not asked for", isrc=isrc(9))
        recording_says(s, 9, isrcs=[isrc(9)])
    building.build(settings)
    keys = [
        key for (key,) in ask(settings, "SELECT track_key FROM fact_track_played ORDER BY play_id")
    ]
    assert keys == [
        f"recording:{mbid(1)}",
        f"recording:{mbid(2)}",
        f"recording:{mbid(1)}",
        f"recording:{mbid(7)}",
        f"isrc:{isrc(8)}",
        f"recording:{mbid(9)}",
    ]


def test_a_merged_recording_and_artist_go_by_their_new_ids(settings: Settings) -> None:
    with session() as s:
        play(s, isrc=isrc(1))
        play(s, recording_mbid=mbid(1), artist_mbid=mbid(9001))
        isrc_says(s, 1, 1)
        say(s, "musicbrainz", "recording", mbid(1), now=mbid(2))
        say(s, "musicbrainz", "recording", mbid(2), now=mbid(3), title="Song 3",
            artists=[{"id": mbid(9001), "name": "Old"}], release_groups=[], isrcs=[])  # fmt: skip
        say(s, "musicbrainz", "artist", mbid(9001), now=mbid(9002))
        artist_says(s, 2, aliases=["The Band", "Band 2"], country="IS")
        # Two that say of each other that they were merged: nothing is lost, nothing hangs.
        play(s, "Round", "Nobody", recording_mbid=mbid(10))
        say(s, "musicbrainz", "recording", mbid(10), now=mbid(11))
        say(s, "musicbrainz", "recording", mbid(11), now=mbid(10))
    building.build(settings)
    assert ask(settings, """SELECT track_key, count(*) FROM fact_track_played
                            WHERE artist_key LIKE 'mbid%' GROUP BY 1""") == [
        (f"recording:{mbid(3)}", 2)]  # fmt: skip
    assert ask(settings, """SELECT artist_key, name, country_code, aliases FROM dim_artist
                            WHERE artist_mbid IS NOT NULL""") == [
        (f"mbid:{mbid(9002)}", "Band 2", "IS", ["The Band"])]  # fmt: skip
    assert len(ask(settings, "FROM fact_track_played")) == 3


def test_a_place_is_found_up_the_way_of_its_parents(settings: Settings) -> None:
    def area(number: int, parent: int | None, *iso: str) -> None:
        say(s, "musicbrainz", "area", mbid(number), name=f"Area {number}", type="", iso_3166_2=[],
            iso_3166_1=list(iso), parent_id=mbid(parent) if parent else None)  # fmt: skip

    with session() as s:
        for number in range(1, 5):
            play(s, artist=f"Band {number}", artist_mbid=mbid(9000 + number))
        artist_says(s, 1, area_id=mbid(1))
        area(1, 2)
        area(2, 3)
        area(3, None, "DE")
        artist_says(s, 2, area_id=mbid(4))  # a circle of parents
        area(4, 5)
        area(5, 4)
        artist_says(s, 3, area_id=mbid(1), begin_area_id=mbid(2))
        artist_says(s, 4)
        say(s, "geography", "area", mbid(2), country_code="DE", country="Germany",
            continent="Europe", latitude=52.5, longitude=13.4, how="city")  # fmt: skip
        artist_says(s, 3, area_id=mbid(2))
    building.build(settings)
    assert ask(settings, """SELECT name, area, country_code, country, continent, latitude
                            FROM dim_artist ORDER BY name""") == [
        ("Band 1", "Area 1", "DE", "Area 3", None, None),
        ("Band 2", "Area 4", None, None, None, None),
        ("Band 3", "Area 2", "DE", "Germany", "Europe", 52.5),
        ("Band 4", None, None, None, None, None),
    ]  # fmt: skip


def test_the_hour_is_that_of_the_time_zone_also_when_clocks_change(override: Override) -> None:
    override(timezone="America/St_Johns")
    zone = ZoneInfo("America/St_Johns")
    moments = [datetime(2025, 3, 9, 4, 30, tzinfo=UTC) + timedelta(minutes=30 * n)
               for n in range(6)]  # fmt: skip
    moments += [datetime(2025, 11, 2, 3, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(6)]
    moments += [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)]
    with session() as s:
        for moment in moments:
            play(s, played_at=moment)
    building.build(load_settings())
    expected = [
        (moment.replace(tzinfo=None), int(f"{here:%Y%m%d}"), here.hour * 100 + here.minute)
        for moment in sorted(moments)
        if (here := moment.astimezone(zone))
    ]
    assert ask(load_settings(), """SELECT played_at, date_key, time_key FROM fact_track_played
                                   ORDER BY played_at""") == expected  # fmt: skip
    days = ask(load_settings(), "SELECT count(*), min(date), max(date) FROM dim_date")
    assert days == [(21184, date(1969, 1, 1), date(2026, 12, 31))]


def test_any_name_comes_through_as_it_is(settings: Settings) -> None:
    dice = random.Random(3)
    texts = [
        '"quoted", with a comma', "two\nlines\r\nand a tab\t", "\\N", "NULL", "x" * 20_000, "!!!",
        "'; DROP TABLE plays; --", "שלום", "ไทย", "🎵 𝄞", "a\u202eb", "  blanks  ", "a\x00b",
    ]  # fmt: skip
    texts += ["x" + "".join(dice.choices('\r\n",\\ aé\t', k=6)) for _ in range(100)]
    with session() as s:
        plays = {play(s, text, text, album=text, platform=text).id: text for text in texts}
    assert building.build(settings).status == "success"
    found = ask(settings, "SELECT play_id, platform FROM fact_track_played")
    assert dict(found) == plays
    kept = set(ask(settings, """SELECT k.title, a.name, b.title FROM fact_track_played
        JOIN dim_track k USING (track_key) JOIN dim_artist a ON a.artist_key = k.artist_key
        JOIN dim_album b ON b.album_key = k.album_key"""))  # fmt: skip
    for text in texts[:13]:  # the others may be the same name written in two ways
        assert (text,) * 3 in kept, repr(text)


def test_a_play_without_artist_and_album_counts(settings: Settings) -> None:
    with session() as s:
        play(s, artist=None)
    building.build(settings)
    assert ask(settings, _EVERYTHING) == [(1,)]
    assert ask(settings, "SELECT artist_key, album_key FROM fact_track_played") == [(None, None)]


def test_what_services_say_of_an_album(settings: Settings) -> None:
    def album(number: int, released: str | None) -> None:
        play(s, f"Song {number}", spotify_track_id=spotify(number), album="Old title")
        track_says(s, number, number, album_id=spotify(8000 + number))
        say(s, "spotify", "album", spotify(8000 + number), title=f"Album {number}", label="L",
            album_type="album", released=released, precision="day", tracks=9,
            artists=[{"id": spotify(9999), "name": "Various Artists"}])  # fmt: skip

    with session() as s:
        for number, released in enumerate(["1999-05-07", "1999-05", "1999", "0000", "1999-02-31"]):
            album(number, released)
        isrc_says(s, 0, 1)
        group = {"id": mbid(77), "title": "ALBUM 0", "type": "Album", "first_released": "1998"}
        recording_says(s, 1, release_groups=[group, group | {"id": mbid(78), "title": "Other"}])
    building.build(settings)
    found = ask(
        settings,
        """SELECT b.title, a.name, released_on, released_precision,
        release_group_mbid FROM dim_album b JOIN dim_artist a USING (artist_key) ORDER BY 1""",
    )
    assert found == [
        ("Album 0", "Various Artists", date(1999, 5, 7), "day", mbid(77)),
        ("Album 1", "Various Artists", date(1999, 5, 1), "month", None),
        ("Album 2", "Various Artists", date(1999, 1, 1), "year", None),
        ("Album 3", "Various Artists", None, None, None),
        ("Album 4", "Various Artists", None, None, None),
    ]


def test_genres_are_one_however_they_are_written(settings: Settings) -> None:
    with session() as s:
        for number in (1, 2):
            play(s, artist=f"Band {number}", spotify_track_id=spotify(number))
            track_says(s, number, number)
            say(s, "spotify", "artist", spotify(9000 + number), name=f"Band {number}",
                genres=["hip hop", "Pop"])  # fmt: skip
        isrc_says(s, 1, 1)
        recording_says(s, 1)
        artist_says(s, 1, genres=[{"name": "Hip Hop", "count": 4}, {"name": "jazz", "count": 1},
                                  {"name": "disputed", "count": -1}])  # fmt: skip
    building.build(settings)
    found = ask(
        settings,
        """SELECT a.name, genre, weight, source FROM fact_artist_genre
        JOIN dim_artist a USING (artist_key) JOIN dim_artist_genre USING (genre_key)
        ORDER BY 1, 2""",
    )
    assert found == [
        ("Band 1", "Pop", 1.0, "spotify"),
        ("Band 1", "hip hop", 1.0, "musicbrainz"),
        ("Band 1", "jazz", 0.25, "musicbrainz"),
        ("Band 2", "Pop", 1.0, "spotify"),
        ("Band 2", "hip hop", 1.0, "spotify"),
    ]


def test_a_wrong_isrc_does_not_make_one_artist_of_two(settings: Settings) -> None:
    with session() as s:
        for number in range(1, 6):
            play(s, f"Song {number}", "Band 1", spotify_track_id=spotify(number))
            track_says(s, number, 1)
            isrc_says(s, number, number)
            # One of its tracks carries the ISRC of somebody else's recording.
            recording_says(s, number, 2 if number == 1 else 1)
    building.build(settings)
    assert ask(settings, "SELECT artist_key, name FROM dim_artist") == [
        (f"mbid:{mbid(9001)}", "Band 1")
    ]


def test_a_file_is_found_by_recording_then_isrc_then_names(settings: Settings) -> None:
    with session() as s:
        play(s, "Song", recording_mbid=mbid(1), isrc=isrc(1))
        play(s, "Other", "Band", played_at=NOON + timedelta(hours=1))
        by_isrc = file(s, 1, isrc=isrc(1), title="Song", artist="Band")
        by_name = file(s, 2, title="OTHER", artist="Bänd")
        play(s, "Third", "Band", isrc=isrc(3))
        file(s, 3, title="Third", artist="Band", isrc=isrc(4))  # of that name, another recording
    building.build(settings)
    found = "SELECT title, item_id FROM dim_track ORDER BY title"
    assert ask(settings, found) == [("Other", by_name), ("Song", by_isrc), ("Third", None)]
    with session() as s:
        by_recording = file(s, 4, recording_mbid=mbid(1))
    building.build(settings)
    assert ask(settings, found)[1] == ("Song", by_recording)


def test_answers_of_another_shape_leave_the_tables_whole(settings: Settings) -> None:
    wrong = [None, "x", 1e300, -7, True, [], {}, [None], ["x", 5], {"a": [1]}, [{"id": 5}], [[]]]
    fields = [
        "title", "name", "isrc", "duration_ms", "length_ms", "explicit", "album_id",
        "artists", "genres", "tags", "released", "album_type", "label", "tracks",
        "release_groups", "isrcs", "recordings", "aliases", "area_id", "country",
        "type", "began", "iso_3166_1", "parent_id", "country_code", "continent",
        "latitude", "sort_name",
    ]  # fmt: skip
    dice = random.Random(11)
    with session() as s:
        for number in range(60):
            play(s, f"Song {number}", f"Band {number}", spotify_track_id=spotify(number),
                 isrc=isrc(number), recording_mbid=mbid(number) if number % 2 else None,
                 artist_mbid=mbid(9000 + number) if number % 3 else None)  # fmt: skip
            for source, kind, id in (
                ("spotify", "track", spotify(number)),
                ("spotify", "artist", spotify(9000 + number)),
                ("spotify", "album", spotify(8000 + number)),
                ("musicbrainz", "isrc", isrc(number)),
                ("musicbrainz", "recording", mbid(number)),
                ("musicbrainz", "artist", mbid(9000 + number)),
                ("musicbrainz", "area", mbid(7000 + number)),
                ("geography", "area", mbid(7000 + number)),
            ):
                say(s, source, kind, id, **{
                    "title": "T", "artists": [{"id": spotify(9000 + number), "name": "N"}],
                    "album_id": spotify(8000 + number), "area_id": mbid(7000 + number),
                } | {name: dice.choice(wrong) for name in dice.sample(fields, 6)})  # fmt: skip
    result = building.build(settings)
    assert result.status == "success", result.errors
    assert ask(settings, _EVERYTHING) == [(60,)]
