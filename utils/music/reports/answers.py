"""Answers from the star schema (docs/music.md): what was heard most, where, when, first.

All functions take a connection of ``utils.music.star_schema.tables.opened`` and what is asked
about. Lists are in an order that stays: by number, then by name, then by key.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from utils.errors import PermanentError
from utils.models.music_answers import (
    Asked,
    FirstHeard,
    Habit,
    Missing,
    OnMap,
    Order,
    Origin,
    PlaceHeard,
    Span,
    Step,
    Thing,
    Top,
    Totals,
)
from utils.music.reports import countries, periods

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_COUNTRIES, MOST_CIRCLES = 300, 200

# Each thing's key, its name, its artist, and what is joined to a play to know them.
_ARTIST = "LEFT JOIN dim_artist a ON a.artist_key = f.artist_key"
_THINGS = {
    "artists": ("f.artist_key", "a.name", "NULL", _ARTIST),
    "tracks": ("f.track_key", "t.title", "a.name", _ARTIST),
    "albums": (
        "f.album_key", "l.title", "b.name",
        "LEFT JOIN dim_album l ON l.album_key = f.album_key "
        "LEFT JOIN dim_artist b ON b.artist_key = l.artist_key",
    ),
    "genres": (
        "g.genre_key", "g.genre", "NULL",
        "JOIN (SELECT DISTINCT artist_key, genre_key FROM fact_artist_genre) ag "
        "ON ag.artist_key = f.artist_key JOIN dim_artist_genre g ON g.genre_key = ag.genre_key",
    ),
}  # fmt: skip
_PLACES = {
    "country": ("a.country_code", "any_value(a.country)", "1"),
    "city": ("a.country_code", "a.area", "1, 2"),
    "heard": ("f.country_code", "NULL", "1"),
}
_MS = "coalesce(f.ms_played, t.duration_ms)"
_PLAYS = "fact_track_played f LEFT JOIN dim_track t ON t.track_key = f.track_key"
_FOLDED = "lower(strip_accents({}))"


def top(
    connection: DuckDBPyConnection, asked: Asked, thing: Thing, limit: int, order: Order = "plays"
) -> tuple[Top, ...]:
    """What was heard most. A play counts for each genre of its artist; without an album for none.

    Raises:
        PermanentError: the tables can't be read.
    """
    by = "plays DESC, ms DESC" if order == "plays" else "ms DESC, plays DESC"
    return tuple(
        Top(name=name, by=artist, key=key, plays=plays, minutes=_minutes(ms))
        for key, name, artist, plays, ms, *_ in _grouped(connection, asked, thing, by, limit)
    )


def new(
    connection: DuckDBPyConnection, asked: Asked, thing: Thing, limit: int
) -> tuple[FirstHeard, ...]:
    """What was heard for the first time in the period, the latest first.

    Raises:
        PermanentError: the tables can't be read.
    """
    found = _grouped(connection, asked, thing, "first DESC", limit, is_first=True)
    return tuple(
        FirstHeard(name=name, by=artist, key=key, plays=plays, minutes=_minutes(ms),
                   first_heard_at=_moment(first))
        for key, name, artist, plays, ms, first in found
    )  # fmt: skip


def _grouped(
    connection: DuckDBPyConnection,
    asked: Asked,
    thing: Thing,
    order: str,
    limit: int,
    is_first: bool = False,
) -> list[tuple[Any, ...]]:
    """Key, name, artist, plays, milliseconds and first moment of each thing that was heard.

    ``is_first``: of what was not heard before the period.
    """
    key, name, artist, joins = _THINGS[thing]
    where, values = _where(asked.model_copy(update={"since": None}) if is_first else asked)
    having = ""
    if is_first and asked.since:
        having, values = "HAVING min(f.played_at) >= $since", {**values, "since": asked.since}
    return _rows(
        connection,
        f"""
        SELECT {key} AS key, coalesce(any_value({name}), '') AS named, any_value({artist}),
               count(*) AS plays, coalesce(sum({_MS}), 0) AS ms, epoch_ms(min(f.played_at)) AS first
        FROM {_PLAYS} {joins}
        WHERE {where} AND {key} IS NOT NULL
        GROUP BY 1 {having}
        ORDER BY {order}, {_FOLDED.format("named")}, named, key
        LIMIT $most""",
        {**values, "most": limit},
    )


def places(
    connection: DuckDBPyConnection, asked: Asked, origin: Origin, limit: int
) -> tuple[PlaceHeard, ...]:
    """Where artists come from, by country or by city; or ("heard") where it was heard.

    The last row, with no name, is what is not known of.

    Raises:
        PermanentError: the tables can't be read.
    """
    code, area, groups = _PLACES[origin]
    # A country is not where some of its artists' cities lie.
    point = "NULL, NULL" if origin != "city" else "median(a.latitude), median(a.longitude)"
    where, values = _where(asked)
    found = _rows(
        connection,
        f"""
        SELECT {code} AS code, {area} AS area, count(*) AS plays, coalesce(sum({_MS}), 0) AS ms,
               count(DISTINCT f.artist_key), {point}
        FROM {_PLAYS} {_ARTIST}
        WHERE {where}
        GROUP BY {groups}
        ORDER BY {"area" if origin == "city" else "code"} IS NULL, plays DESC, ms DESC, area, code
        LIMIT $most""",
        {**values, "most": limit},
    )
    return tuple(
        PlaceHeard(
            name=place if origin == "city" else place or (country and countries.name(country)),
            country_code=country, plays=plays, minutes=_minutes(ms), artists=artists,
            latitude=latitude, longitude=longitude,
        )
        for country, place, plays, ms, artists, latitude, longitude in found
    )  # fmt: skip


def on_map(connection: DuckDBPyConnection, asked: Asked, origin: Origin) -> OnMap:
    """Plays by country, and by city where the artists come from.

    Raises:
        PermanentError: the tables can't be read.
    """
    if origin == "heard":
        return OnMap(countries=places(connection, asked, "heard", MOST_COUNTRIES), cities=())
    cities = places(connection, asked, "city", MOST_CIRCLES)
    return OnMap(
        countries=places(connection, asked, "country", MOST_COUNTRIES),
        cities=tuple(one for one in cities if one.latitude is not None),
    )


def timeline(
    connection: DuckDBPyConnection, asked: Asked, step: Step, zone: ZoneInfo
) -> tuple[Span, ...]:
    """Plays by day, week, month or year, from the first to the last, or as far as is asked.

    Raises:
        UsageError: it would have more than ``utils.music.reports.periods.MOST`` rows.
        PermanentError: the tables can't be read.
    """
    where, values = _where(asked)
    days = _rows(
        connection,
        f"SELECT f.date_key, count(*), coalesce(sum({_MS}), 0) FROM {_PLAYS} WHERE {where} "
        "GROUP BY 1 ORDER BY 1",
        values,
    )
    heard = {datetime.strptime(str(key), "%Y%m%d").date(): (n, ms) for key, n, ms in days}
    asked_days = [moment.astimezone(zone).date() for moment in _edges(asked)]
    # What was heard may lie outside by a day: the tables can be of another time zone.
    begin = min([*heard, *asked_days[:1]] if asked.since else heard, default=None)
    end = max([*heard, *asked_days[-1:]] if asked.until else heard, default=None)
    if begin is None or end is None:
        return ()
    found = {first: [0, 0] for first in periods.firsts(begin, end, step)}
    for day, (plays, ms) in heard.items():
        span = found[periods.first(day, step)]
        span[0] += plays
        span[1] += ms
    return tuple(
        Span(name=periods.name(first, step), begins_on=first, plays=plays, minutes=_minutes(ms))
        for first, (plays, ms) in found.items()
    )


def _edges(asked: Asked) -> list[datetime]:
    """The first and the last moment that are asked about, as far as they are given."""
    edges = (asked.since, asked.until and asked.until - timedelta(microseconds=1))
    return [edge for edge in edges if edge]


def habits(connection: DuckDBPyConnection, asked: Asked) -> tuple[Habit, ...]:
    """All 168 hours of the week, Monday's first, in the time zone that the tables were built in.

    Raises:
        PermanentError: the tables can't be read.
    """
    where, values = _where(asked)
    found = _rows(
        connection,
        f"""
        SELECT isodow(strptime(CAST(f.date_key AS VARCHAR), '%Y%m%d')), f.time_key // 100,
               count(*), coalesce(sum({_MS}), 0)
        FROM {_PLAYS} WHERE {where} GROUP BY 1, 2""",
        values,
    )
    heard = {(weekday, hour): (plays, ms) for weekday, hour, plays, ms in found}
    return tuple(
        Habit(weekday=weekday, hour=hour, plays=plays, minutes=_minutes(ms))
        for weekday in range(1, 8)
        for hour in range(24)
        for plays, ms in [heard.get((weekday, hour), (0, 0))]
    )


def missing(
    connection: DuckDBPyConnection, asked: Asked, limit: int, least: int = 1
) -> tuple[Missing, ...]:
    """Tracks that the library has no file of, heard ``least`` times or more, the most heard first.

    Raises:
        PermanentError: the tables can't be read.
    """
    where, values = _where(asked)
    found = _rows(
        connection,
        f"""
        SELECT f.track_key, coalesce(any_value(t.title), '') AS named, any_value(a.name),
               any_value(l.title), any_value(t.isrc), any_value(t.recording_mbid),
               count(*) AS plays, coalesce(sum({_MS}), 0) AS ms, epoch_ms(max(f.played_at))
        FROM {_PLAYS} {_ARTIST}
             LEFT JOIN dim_album l ON l.album_key = t.album_key
        WHERE {where} AND t.item_id IS NULL
        GROUP BY 1 HAVING count(*) >= $least
        ORDER BY plays DESC, ms DESC, {_FOLDED.format("named")}, named, f.track_key
        LIMIT $most""",
        {**values, "most": limit, "least": least},
    )
    return tuple(
        Missing(key=key, name=name, by=artist, album=album, isrc=isrc, recording_mbid=mbid,
                plays=plays, minutes=_minutes(ms), last_heard_at=_moment(last))
        for key, name, artist, album, isrc, mbid, plays, ms, last in found
    )  # fmt: skip


def totals(connection: DuckDBPyConnection, asked: Asked) -> Totals:
    """How much there is of what is asked about.

    Raises:
        PermanentError: the tables can't be read.
    """
    where, values = _where(asked)
    plays, ms, artists, tracks, unknown, first, last = _rows(
        connection,
        f"""
        SELECT count(*), coalesce(sum({_MS}), 0), count(DISTINCT f.artist_key),
               count(DISTINCT f.track_key), count(*) FILTER ({_MS} IS NULL),
               epoch_ms(min(f.played_at)), epoch_ms(max(f.played_at))
        FROM {_PLAYS} WHERE {where}""",
        values,
    )[0]
    return Totals(
        plays=plays, minutes=_minutes(ms), artists=artists, tracks=tracks, without_length=unknown,
        first_at=None if first is None else _moment(first),
        last_at=None if last is None else _moment(last),
    )  # fmt: skip


def _where(asked: Asked) -> tuple[str, dict[str, Any]]:
    """What a play must be, as SQL and its values."""
    parts, values = ["TRUE"], dict[str, Any]()
    if asked.since:
        parts.append("f.played_at >= $since")
        values["since"] = asked.since
    if asked.until:
        parts.append("f.played_at < $until")
        values["until"] = asked.until
    if asked.place is not None:
        ways, values["country"] = ["country_code = $country"], countries.code(asked.place)
        if len(asked.place.strip()) != 2 or values["country"] is None:
            place = _FOLDED.format("$place")
            ways += [f"{_FOLDED.format(column)} = {place}" for column in ("country", "area")]
            values["place"] = asked.place.strip()
        parts.append(
            f"f.artist_key IN (SELECT artist_key FROM dim_artist WHERE {' OR '.join(ways)})"
        )
    return " AND ".join(parts), values


def _rows(
    connection: DuckDBPyConnection, sql: str, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        return connection.execute(sql, values).fetchall()
    except duckdb.Error as error:
        raise PermanentError(
            f"The tables of music can't be read: {str(error).splitlines()[0]}. "
            "Make them anew: nightshift music build --full"
        ) from error


def _minutes(ms: float) -> float:
    return round(float(ms) / 60_000, 2)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
