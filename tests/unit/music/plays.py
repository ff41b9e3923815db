"""Plays for tests, and the table of plays as it is to be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from utils.db.music_tables import PlayRow
from utils.db.session import session
from utils.models.music import Origin, Play, Service

EVENING = datetime(2023, 5, 1, 18, 0, tzinfo=UTC)
ID = "4uLU6hMCjMI75M1A2tKUQC"


def a_play(seconds: float = 0, **facts: Any) -> Play:
    """A play of Spotify's export that ended so many seconds after six in the evening."""
    known: dict[str, Any] = {
        "account": "me", "service": Service.SPOTIFY, "origin": Origin.EXPORT, "track": "Song",
        "artist": "Band", "ms_played": 200_000, "spotify_track_id": ID,
        "played_at": EVENING + timedelta(seconds=seconds),
    }  # fmt: skip
    return Play(**(known | facts))


def a_scrobble(seconds: float = 0, **facts: Any) -> Play:
    """A scrobble that began so many seconds after six in the evening."""
    known: dict[str, Any] = {"service": Service.LASTFM, "ms_played": None, "spotify_track_id": None}
    return a_play(seconds, **(known | facts))


def table() -> list[dict[str, Any]]:
    """All plays, without what depends on when they came: ids and moments of the rows."""
    with session() as s:
        rows = list(s.scalars(select(PlayRow).order_by(PlayRow.key)))
    keys = {row.id: row.key for row in rows}
    left_out = {"id", "added_at", "changed_at", "checked_version", "duplicate_of"}
    names = [one.name for one in PlayRow.__table__.columns if one.name not in left_out]
    return [
        {name: getattr(row, name) for name in names}
        | {"duplicate_of": keys[row.duplicate_of] if row.duplicate_of else None}
        for row in rows
    ]  # fmt: skip
