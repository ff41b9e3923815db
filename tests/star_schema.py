"""Small tables of the music library as Parquet, with the columns of docs/music.md."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from utils.config import Settings
from utils.music.star_schema import tables

COLUMNS = {
    "dim_track": "track_key text, title text, artist_key text, album_key text, "
    "spotify_track_id text, isrc text, recording_mbid text, duration_ms integer, "
    "is_explicit boolean, first_played_at timestamptz, item_id text",
    "dim_artist": "artist_key text, name text, sort_name text, spotify_artist_id text, "
    "artist_mbid text, artist_type text, area_mbid text, area text, country_code text, "
    "country text, continent text, latitude double, longitude double, began text, ended text, "
    "aliases text[]",
    "dim_album": "album_key text, title text, artist_key text, spotify_album_id text, "
    "release_group_mbid text, album_type text, released_on date, released_precision text, "
    "label text, tracks integer",
    "dim_date": "date_key integer, date date, year integer, quarter integer, month integer, "
    "iso_week integer, day integer, weekday integer, is_weekend boolean",
    "dim_time": "time_key integer, hour integer, minute integer, part_of_day text",
    "dim_artist_genre": "genre_key text, genre text",
    "fact_artist_genre": "artist_key text, genre_key text, weight double, source text",
    "fact_track_played": "play_id bigint, played_at timestamptz, date_key integer, "
    "time_key integer, track_key text, artist_key text, album_key text, ms_played integer, "
    "is_skipped boolean, country_code text, platform text, service text, account text",
}


class Artist(NamedTuple):
    name: str
    country_code: str | None = None
    country: str | None = None
    area: str | None = None
    place: tuple[float, float] | None = None
    genres: Sequence[str] = ()
    key: str | None = None
    sort_name: str | None = None


class Play(NamedTuple):
    """``at``: UTC."""

    at: datetime
    artist: Artist
    title: str
    album: str | None = None
    ms: int | None = 180_000
    duration_ms: int | None = None
    item_id: str | None = None
    heard_in: str | None = None


def key_of(artist: Artist) -> str:
    return artist.key or f"name:{artist.name}"


def write(settings: Settings, plays: Sequence[Play], moment: str = "timestamptz") -> None:
    """Write a build of these plays; ``moment`` is the type of played_at."""
    zone = ZoneInfo(settings.timezone)
    place = tables.folder(settings) / "build-0123456789ab"
    place.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table, columns in COLUMNS.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    if moment != "timestamptz":
        connection.execute(f"ALTER TABLE fact_track_played ALTER played_at TYPE {moment}")
    _fill(connection, "fact_track_played", (_fact(n, play, zone) for n, play in enumerate(plays)))
    _fill(
        connection,
        "dim_artist",
        {key_of(play.artist): _artist(play.artist) for play in plays}.values(),
    )
    _fill(connection, "dim_track", {_track_key(play): _track(play) for play in plays}.values())
    albums = {_album_key(play): _album(play) for play in plays if play.album}
    _fill(connection, "dim_album", albums.values())
    genres = {(key_of(p.artist), genre) for p in plays for genre in p.artist.genres}
    _fill(connection, "fact_artist_genre", ((key, one, 1.0, "musicbrainz") for key, one in genres))
    _fill(connection, "dim_artist_genre", ((one, one) for one in {one for _, one in genres}))
    for table in COLUMNS:
        connection.execute(f"COPY {table} TO '{place / table}.parquet' (FORMAT parquet)")
    about = {
        "name": place.name, "version": "0", "stamp": "", "timezone": settings.timezone,
        "built_at": datetime.now(UTC), "full": True, "rows": {},
    }  # fmt: skip
    (place / tables.ABOUT).write_text(tables.Build.model_validate(about).model_dump_json())
    (tables.folder(settings) / tables.CURRENT).write_text(place.name)


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by way of a JSON file: a statement a row takes 8 ms each."""
    names = re.findall(r"(\w+) [\w\[\]]+(?:, |$)", COLUMNS[table])
    given = [dict(zip(names, row, strict=True)) for row in rows]
    if given:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(given, file, default=str)
            file.flush()
            connection.execute(f"COPY {table} FROM '{file.name}' (FORMAT json, ARRAY true)")


def _track_key(play: Play) -> str:
    return f"name:{play.title}/{key_of(play.artist)}"


def _album_key(play: Play) -> str | None:
    return f"name:{play.album}/{key_of(play.artist)}" if play.album else None


def _fact(number: int, play: Play, zone: ZoneInfo) -> list[Any]:
    local = play.at.astimezone(zone)
    return [
        number, play.at, int(f"{local:%Y%m%d}"), local.hour * 100 + local.minute,
        _track_key(play), key_of(play.artist), _album_key(play), play.ms, False, play.heard_in,
        None, "spotify", "me",
    ]  # fmt: skip


def _artist(artist: Artist) -> list[Any]:
    return [
        key_of(artist), artist.name, artist.sort_name, None, None, None, None, artist.area,
        artist.country_code, artist.country, None, *(artist.place or (None, None)), None, None, [],
    ]  # fmt: skip


def _track(play: Play) -> list[Any]:
    return [_track_key(play), play.title, key_of(play.artist), _album_key(play), None, None, None,
            play.duration_ms, None, play.at, play.item_id]  # fmt: skip


def _album(play: Play) -> list[Any]:
    return [_album_key(play), play.album, key_of(play.artist), *[None] * 7]
