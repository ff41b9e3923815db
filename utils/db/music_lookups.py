"""What is to be asked for, of all that was listened to: the most played first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from utils.clock import now
from utils.db.music_tables import EntityRow, PlayRow
from utils.models.music import EntityKind, PlayKind, Provider


class PlayedTrack(NamedTuple):
    """A track that was played: its ISRC or its MusicBrainz recording, and what is said of it."""

    id: str
    kind: EntityKind
    title: str | None
    artist: str | None
    duration_ms: int | None
    plays: int


def played_tracks(s: Session, limit: int | None = None) -> list[PlayedTrack]:
    """Played tracks that MusicBrainz has not been asked for, most played first.

    Those with a MusicBrainz recording are wanted by it, all others by their ISRC.
    """
    found = [*_unasked(s, _by_isrc(), EntityKind.ISRC, limit)]
    found += _unasked(s, _by_recording(), EntityKind.RECORDING, limit)
    found.sort(key=lambda one: (-one.plays, one.id))
    return found[:limit]


def played_artists(s: Session) -> list[str]:
    """MusicBrainz artists that plays name and that it has not been asked for, most played first."""
    query = (
        select(PlayRow.artist_mbid)
        .where(PlayRow.artist_mbid.is_not(None), *_COUNTS)
        .where(~_is_known(EntityKind.ARTIST, PlayRow.artist_mbid))
        .group_by(PlayRow.artist_mbid)
        .order_by(func.count().desc(), PlayRow.artist_mbid)
    )
    return [one for one in s.scalars(query) if one]


def count_known(s: Session, kinds: Sequence[EntityKind]) -> int:
    """How many things of some kinds MusicBrainz needs not be asked for again."""
    query = select(func.count()).where(EntityRow.source == Provider.MUSICBRAINZ,
                                       EntityRow.kind.in_(kinds), _is_fresh(EntityRow))  # fmt: skip
    return s.scalar(query) or 0


def newest_play(s: Session) -> int:
    """The id of the newest play: while it stays, there are no new ones."""
    return s.scalar(select(func.max(PlayRow.id))) or 0


def newest_answer(s: Session, source: Provider) -> datetime | None:
    """When a service last said something: while it stays, nothing new was said."""
    return s.scalar(select(func.max(EntityRow.fetched_at)).where(EntityRow.source == source))


_COUNTS = (PlayRow.kind == PlayKind.TRACK, PlayRow.duplicate_of.is_(None))


def _by_isrc() -> Any:
    """Plays by ISRC: that of the play, else that of Spotify's track."""
    track = aliased(EntityRow)
    sums = (
        select(
            PlayRow.isrc,
            PlayRow.spotify_track_id,
            func.max(PlayRow.track).label("track"),
            func.max(PlayRow.artist).label("artist"),
            func.count().label("plays"),
        )
        .where(*_COUNTS, or_(PlayRow.isrc.is_not(None), PlayRow.spotify_track_id.is_not(None)))
        .group_by(PlayRow.isrc, PlayRow.spotify_track_id)
        .subquery()
    )
    is_track = and_(
        track.source == Provider.SPOTIFY,
        track.kind == EntityKind.TRACK,
        track.id == sums.c.spotify_track_id,
        track.found,
    )
    isrc = func.coalesce(sums.c.isrc, track.document["isrc"].as_string())
    return (
        select(
            isrc.label("id"),
            func.max(func.coalesce(track.document["title"].as_string(), sums.c.track)).label(
                "title"
            ),
            func.max(sums.c.artist).label("artist"),
            func.max(track.document["duration_ms"].as_integer()).label("duration_ms"),
            func.sum(sums.c.plays).label("plays"),
        )
        .select_from(sums)
        .outerjoin(track, is_track)
        .where(isrc.is_not(None))
        .group_by(isrc)
        .subquery()
    )


def _by_recording() -> Any:
    return (
        select(
            PlayRow.recording_mbid.label("id"),
            func.max(PlayRow.track).label("title"),
            func.max(PlayRow.artist).label("artist"),
            func.max(None).label("duration_ms"),
            func.count().label("plays"),
        )
        .where(PlayRow.recording_mbid.is_not(None), *_COUNTS)
        .group_by(PlayRow.recording_mbid)
        .subquery()
    )


def _unasked(s: Session, plays: Any, kind: EntityKind, limit: int | None) -> Iterator[PlayedTrack]:
    query: Select[Any] = (
        select(plays)
        .where(~_is_known(kind, plays.c.id))
        .order_by(plays.c.plays.desc(), plays.c.id)
        .limit(limit)
    )
    for row in s.execute(query):
        yield PlayedTrack(row.id, kind, row.title, row.artist, row.duration_ms, row.plays)


def _is_known(kind: EntityKind, wanted: Any) -> Any:
    row = aliased(EntityRow)
    return exists().where(
        row.source == Provider.MUSICBRAINZ, row.kind == kind, row.id == wanted, _is_fresh(row)
    )


def _is_fresh(row: Any) -> Any:
    return or_(row.expires_at.is_(None), row.expires_at > now())
