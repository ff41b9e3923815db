"""Listening of a made-up person: plays, and what services say of what was played."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

TRACKS, ARTISTS, ALBUMS = 100_000, 10_000, 30_000
_FIRST = datetime(2012, 1, 1, tzinfo=UTC)
_FETCHED = "2026-11-01 02:00:00.000000"
_GENRES = ("rock", "pop", "Hip Hop", "hip hop", "jazz", "électro", "J-Pop", "Синти-поп", "folk")
_PLAY = (
    "INSERT INTO music_plays (key, account, service, origin, kind, played_at, precision_seconds, "
    "ms_played, track, artist, album, spotify_track_id, recording_mbid, artist_mbid, country, "
    "platform, skipped, added_at, changed_at) "
    "VALUES (?, 'me', ?, 'export', 'track', ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ENTITY = (
    "INSERT INTO music_entities (source, kind, id, found, document, fetched_at) "
    "VALUES (?, ?, ?, 1, ?, ?)"
)


def fill(database: Path, plays: int) -> None:
    """Write plays and entities into an SQLite database that is migrated and empty of both."""
    with sqlite3.connect(database) as connection:
        connection.executemany(_PLAY, _plays(random.Random(7), plays, _FIRST))
        connection.executemany(_ENTITY, _entities(random.Random(7)))


def add_day(database: Path, plays: int, day: int) -> None:
    """One more day: plays, some of them of tracks that were not heard before."""
    first = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)
    with sqlite3.connect(database) as connection:
        connection.executemany(_PLAY, _plays(random.Random(day), plays, first, 1))


def _plays(
    dice: random.Random, number: int, first: datetime, days: int = 5400
) -> Iterator[tuple[Any, ...]]:
    step = timedelta(days=days) / number
    for at in range(number):
        track = min(int(dice.paretovariate(0.35)), 10 * TRACKS) % TRACKS
        artist = track % ARTISTS
        service = ("spotify", "spotify", "spotify", "lastfm", "listenbrainz")[at % 5]
        has_ids = service == "spotify"
        yield (
            f"{first.timestamp()}-{number}-{at}",
            service,
            (first + step * at).strftime("%Y-%m-%d %H:%M:%S.%f"),
            dice.randrange(20_000, 300_000) if service != "lastfm" else None,
            f"Piéce {track} of the {track % 977} — Pt. {track % 7}",
            f"Künstler {artist}",
            f"Album № {track % ALBUMS}" if track % 50 else None,
            _spotify(track) if has_ids else None,
            _mbid(1, track) if service == "listenbrainz" else None,
            _mbid(2, artist) if service == "listenbrainz" else None,
            "DE" if has_ids else None,
            "Android" if has_ids else None,
            bool(at % 9 == 0) if has_ids else None,
            *[f"2026-11-{days % 27 + 1:02d} 02:00:00.{at % 10**6:06d}"] * 2,
        )


def _entities(dice: random.Random) -> Iterator[tuple[str, str, str, str, str]]:
    for track in range(TRACKS):
        name, album = f"Künstler {track % ARTISTS}", f"Album № {track % ALBUMS}"
        artist = {"id": _spotify(10**7 + track % ARTISTS), "name": name}
        title = f"Piéce {track} of the {track % 977} — Pt. {track % 7}"
        yield _of("spotify", "track", _spotify(track), title=title, isrc=_isrc(track),
                  duration_ms=200_000, explicit=False, artists=[artist],
                  album_id=_spotify(2 * 10**7 + track % ALBUMS))  # fmt: skip
        if track % 3:
            recording = [{"id": _mbid(1, track), "title": title}]
            yield _of("musicbrainz", "isrc", _isrc(track), recordings=recording)
            yield _of("musicbrainz", "recording", _mbid(1, track), title=title, length_ms=201_000,
                      artists=[{"id": _mbid(2, track % ARTISTS), "name": name}],
                      release_groups=[{"id": _mbid(3, track % ALBUMS), "type": "Album",
                                       "title": album, "first_released": "1999-05"}],
                      isrcs=[_isrc(track)])  # fmt: skip
    for number in range(ARTISTS):
        name = f"Künstler {number}"
        yield _of("spotify", "artist", _spotify(10**7 + number), name=name, followers=None,
                  popularity=None, genres=dice.sample(_GENRES, 2))  # fmt: skip
        genres = [{"name": one, "count": dice.randrange(1, 9)} for one in dice.sample(_GENRES, 3)]
        yield _of("musicbrainz", "artist", _mbid(2, number), name=name, sort_name=name,
                  type="Person", area_id=_mbid(4, number % 50), begin_area_id=None,
                  country="DE", began="1970", ended=None, aliases=[f"K. {number}"], tags=[],
                  genres=genres)  # fmt: skip
    for number in range(ALBUMS):
        yield _of("spotify", "album", _spotify(2 * 10**7 + number), title=f"Album № {number}",
                  album_type="album", released="1999-05-07", precision="day", label=None,
                  tracks=12, artists=[{"id": _spotify(10**7 + number % ARTISTS),
                                       "name": f"Künstler {number % ARTISTS}"}])  # fmt: skip
    for area in range(50):
        yield _of("musicbrainz", "area", _mbid(4, area), name=f"Ort {area}", type="City",
                  iso_3166_1=[], iso_3166_2=[], parent_id=None)  # fmt: skip
        yield _of("geography", "area", _mbid(4, area), country_code="DE", country_code3="DEU",
                  country="Germany", subdivision=None, continent="Europe", latitude=52.5,
                  longitude=13.4, how="city")  # fmt: skip


def _of(source: str, kind: str, id: str, **document: Any) -> tuple[str, str, str, str, str]:
    return source, kind, id, json.dumps(document), _FETCHED


def _spotify(number: int) -> str:
    return f"{number:022d}"


def _isrc(number: int) -> str:
    return f"DEA12{number:07d}"


def _mbid(kind: int, number: int) -> str:
    return str(UUID(int=(kind << 100) + number))
