"""Rows of listening as texts and numbers for the tables of music: read in parts, without objects.

Moments are texts in UTC (``2026-11-26 02:00:00.000000``), documents are JSON as a text: both
databases give the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from utils.db.music_tables import EntityRow, PlayRow, RecordingRow
from utils.models.music import PlayKind

BLOCK = 4_096
_PART = 5_000
_COUNTS = and_(PlayRow.kind == PlayKind.TRACK, PlayRow.duplicate_of.is_(None))


class State(NamedTuple):
    """What tells rows from what they were: how many, the fractions of their moments and their ids.

    ``fractions``: the sum of the microseconds within a second, of when each was changed.
    """

    rows: int
    fractions: int
    ids: int = 0


class Ids(NamedTuple):
    """A range of ids, both ends within it."""

    first: int
    last: int


def play_blocks(s: Session) -> dict[int, State]:
    """The state of the plays that count, by block of ``BLOCK`` ids."""
    block = PlayRow.id // BLOCK
    query = select(block, *_state(s, PlayRow.changed_at), func.sum(PlayRow.id))
    found = s.execute(query.where(_COUNTS).group_by(block))
    return {int(number): State(*map(int, some)) for number, *some in found}


def plays(s: Session, ids: Ids) -> Iterator[Sequence[Any]]:
    """Plays of a range of ids that count."""
    return _parts(s, _plays(s).where(PlayRow.id.between(*ids)))


def _plays(s: Session) -> Select[Any]:
    columns = [
        PlayRow.id, _moment(s, PlayRow.played_at), PlayRow.account, PlayRow.service,
        PlayRow.ms_played, cast(PlayRow.skipped, Integer), PlayRow.country, PlayRow.platform,
        PlayRow.track, PlayRow.artist, PlayRow.album, PlayRow.spotify_track_id, PlayRow.isrc,
        PlayRow.recording_mbid, PlayRow.artist_mbid, PlayRow.release_mbid,
        _moment(s, PlayRow.changed_at),
    ]  # fmt: skip
    return select(*columns).where(_COUNTS)


def entity_kinds(s: Session) -> dict[tuple[str, str], State]:
    """The state of what services say, by source and kind."""
    by = (EntityRow.source, EntityRow.kind)
    found = s.execute(select(*by, *_state(s, EntityRow.fetched_at)).group_by(*by))
    return {(source, kind): State(*map(int, some)) for source, kind, *some in found}


def entities(
    s: Session, source: str, kind: str, after: datetime | None = None
) -> Iterator[Sequence[Any]]:
    """What a service says of things of a kind; only what it was asked for after a moment."""
    query = _entities(s).where(EntityRow.source == source, EntityRow.kind == kind)
    if after is not None:
        query = query.where(EntityRow.fetched_at > after)
    return _parts(s, query)


def _entities(s: Session) -> Select[Any]:
    columns = [
        EntityRow.source, EntityRow.kind, EntityRow.id, cast(EntityRow.found, Integer),
        cast(EntityRow.document, Text), EntityRow.canonical_id, _moment(s, EntityRow.fetched_at),
    ]  # fmt: skip
    return select(*columns)


def recordings(s: Session) -> Iterator[Sequence[Any]]:
    """Which recording each file of the library is."""
    columns = [
        RecordingRow.item_id, RecordingRow.title, RecordingRow.artist,
        RecordingRow.spotify_track_id, RecordingRow.isrc, RecordingRow.recording_mbid,
        RecordingRow.score,
    ]  # fmt: skip
    return _parts(s, select(*columns))


def _parts(s: Session, query: Select[Any]) -> Iterator[Sequence[Any]]:
    found = s.connection().execute(query.execution_options(yield_per=_PART))
    yield from found.partitions()


def _moment(s: Session, column: InstrumentedAttribute[datetime]) -> ColumnElement[str]:
    """A moment as its text in UTC; SQLite has it so."""
    if s.get_bind().dialect.name == "sqlite":
        return type_coerce(column, Text)
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")


def _state(
    s: Session, column: InstrumentedAttribute[datetime]
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    if s.get_bind().dialect.name == "sqlite":
        return func.count(), func.sum(cast(func.substr(type_coerce(column, Text), 21, 6), Integer))
    fraction = cast(func.extract("microseconds", column), Integer) % 1_000_000
    return func.count(), func.sum(fraction)
