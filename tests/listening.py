"""Rows of listening for tests: plays, what services say, files; and the tables as plain Python."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db.music_entities import put
from utils.db.music_tables import PlayRow, RecordingRow
from utils.db.schema import Item
from utils.models.music import Entity, EntityKind, Provider
from utils.music.star_schema import tables

Rows = dict[str, list[tuple[Any, ...]]]
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def spotify(number: int) -> str:
    return f"{number:022d}"


def mbid(number: int) -> str:
    return str(UUID(int=number))


def isrc(number: int) -> str:
    return f"DEA12{number:07d}"


def play(s: Session, track: str = "Song", artist: str | None = "Band", **given: Any) -> PlayRow:
    """A play as `music import` leaves it."""
    row = PlayRow(
        **{
            "key": f"{random.random()}", "account": "me", "service": "spotify",
            "origin": "export", "kind": "track", "played_at": NOON, "track": track,
            "artist": artist,
        } | given
    )  # fmt: skip
    s.add(row)
    s.flush()
    return row


def say(s: Session, source: str, kind: str, id: str, now: Any = None, **document: Any) -> None:
    """A service says something of a thing, just now; ``now``: what it is merged into."""
    moment = datetime.now(UTC)
    put(s, [Entity(source=Provider(source), kind=EntityKind(kind), id=id,
                   found=bool(document or now), document=document or None, canonical_id=now,
                   fetched_at=moment)])  # fmt: skip


def track_says(s: Session, number: int, artist: int = 1, **given: Any) -> None:
    """Spotify says what track ``number`` is."""
    say(s, "spotify", "track", spotify(number), **{
        "title": f"Song {number}", "isrc": isrc(number), "duration_ms": 200_000, "explicit": False,
        "album_id": None, "artists": [{"id": spotify(9000 + artist), "name": f"Band {artist}"}],
    } | given)  # fmt: skip


def recording_says(s: Session, number: int, artist: int = 1, **given: Any) -> None:
    """MusicBrainz says what recording ``number`` is."""
    say(s, "musicbrainz", "recording", mbid(number), **{
        "title": f"Song {number}", "length_ms": 201_000, "release_groups": [], "isrcs": [],
        "artists": [{"id": mbid(9000 + artist), "name": f"Band {artist}"}],
    } | given)  # fmt: skip


def isrc_says(s: Session, number: int, *recordings: int, title: str | None = None) -> None:
    """MusicBrainz says which recordings an ISRC is."""
    found = [{"id": mbid(one), "title": title or f"Song {one}"} for one in recordings]
    say(s, "musicbrainz", "isrc", isrc(number), recordings=found)


def artist_says(s: Session, number: int, **given: Any) -> None:
    """MusicBrainz says who artist ``number`` is."""
    say(s, "musicbrainz", "artist", mbid(9000 + number), **{
        "name": f"Band {number}", "sort_name": f"{number}, Band", "type": "Group",
        "area_id": None, "begin_area_id": None, "country": None, "began": None, "ended": None,
        "aliases": [], "tags": [], "genres": [],
    } | given)  # fmt: skip


def file(s: Session, number: int, **given: Any) -> str:
    """A file of the library with these tags."""
    item_id = f"{number:064x}"
    if s.get(Item, item_id) is None:
        s.add(Item(id=item_id, kind="audio", title="", size_bytes=1, status="done"))
        s.flush()
    s.merge(RecordingRow(item_id=item_id, tags=given, **given))
    s.flush()
    return item_id


def read(settings: Settings) -> Rows:
    """All tables as the last build has them, row by row in order."""
    with tables.opened(settings) as connection:
        return {
            table: sorted(connection.execute(f"FROM {table}").fetchall(), key=repr)
            for table in tables.TABLES
        }


def ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a question to the last build."""
    with tables.opened(settings) as connection:
        return connection.execute(sql).fetchall()


def random_plays(s: Session, dice: random.Random, number: int) -> None:
    """Plays of a few dozen tracks, told in all the ways that services tell them."""
    for _ in range(number):
        track = dice.randrange(40)
        given: dict[str, Any] = {
            "played_at": NOON + timedelta(minutes=dice.randrange(800_000)),
            "ms_played": dice.choice([None, 0, 30_000, 200_123]),
            "album": dice.choice([None, f"Album {track % 7}", f"ALBUM {track % 7}"]),
            "skipped": dice.choice([None, True, False]),
        }
        told = dice.randrange(4)
        if told == 0:
            given |= {"service": "lastfm"}
        elif told == 1:
            given |= {
                "service": "listenbrainz",
                "recording_mbid": dice.choice([None, mbid(track)]),
                "artist_mbid": dice.choice([None, mbid(9000 + track % 9)]),
            }
        else:
            given |= {
                "spotify_track_id": spotify(track),
                "isrc": dice.choice([None, isrc(track)]),
                "country": "DE",
            }
        play(s, f"Song {track}", dice.choice([f"Band {track % 9}", f"BAND {track % 9}", None]),
             **given)  # fmt: skip
