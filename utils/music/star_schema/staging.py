"""The rows of the database as duckdb reads them best, kept between builds and brought up to date.

Tables of ``staging.duckdb``: ``plays`` (those that count; what a play says of its track is an
``identity``), ``identities``, ``entities``, ``recordings``, ``names`` (texts as they are compared)
and ``stamp``, a text that changes with any of them. The file is a copy: where it is lost or of
another version, all of it is read again.

What differs in the database is found by comparing states (``music_export.State``): of the plays of
each block of ids, and of the entities of each kind. So nothing is missed that was committed late,
went, or turned out to be a double, and it makes no difference when the last build was.
"""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.orm import Session

from utils.db import music_export
from utils.db.music_export import BLOCK, Ids, State
from utils.models import music_names

T = TypeVar("T", int, tuple[str, str])
if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TRACK = (
    "track", "artist", "album", "spotify_track_id", "isrc", "recording_mbid", "artist_mbid",
    "release_mbid",
)  # fmt: skip
_TEXT_OF_TRACK = ", ".join(f"{name} VARCHAR" for name in _TRACK)
_PLAY = (
    "play_id BIGINT, played_at TIMESTAMP, account VARCHAR, service VARCHAR, ms_played BIGINT, "
    "is_skipped BOOLEAN, country_code VARCHAR, platform VARCHAR"
)
_READ_PLAY = f"{_PLAY}, {_TEXT_OF_TRACK}, changed_at TIMESTAMP"
_ENTITY = (
    "source VARCHAR, kind VARCHAR, id VARCHAR, found BOOLEAN, document VARCHAR, "
    "canonical_id VARCHAR, fetched_at TIMESTAMP"
)
_RECORDING = (
    "item_id VARCHAR, title VARCHAR, artist VARCHAR, spotify_track_id VARCHAR, isrc VARCHAR, "
    "recording_mbid VARCHAR, score DOUBLE"
)
_NAME = "kind VARCHAR, name VARCHAR, folded VARCHAR"
_TABLES = f"""
CREATE TABLE stamp (version VARCHAR, stamp VARCHAR);
CREATE SEQUENCE identity_numbers;
CREATE TABLE identities (identity BIGINT DEFAULT nextval('identity_numbers'), {_TEXT_OF_TRACK});
CREATE TABLE plays ({_PLAY}, date_key INTEGER, time_key INTEGER, identity BIGINT,
                    changed_at TIMESTAMP);
CREATE TABLE entities ({_ENTITY});
CREATE TABLE recordings ({_RECORDING});
CREATE TABLE names ({_NAME});
"""
# When it was where the person lives: the zone is a variable of the connection.
_LOCAL = """
CAST(strftime(timezone(getvariable('zone'), n.played_at::TIMESTAMPTZ), '%Y%m%d') AS INTEGER),
CAST(strftime(timezone(getvariable('zone'), n.played_at::TIMESTAMPTZ), '%H%M') AS INTEGER)"""
_AT_ONCE = 64 * BLOCK  # ids of plays that are read at once: memory does not grow with them


def is_of(connection: DuckDBPyConnection, version: str) -> bool:
    """Whether the tables are there and of this version.

    Raises:
        duckdb.Error: the file holds something else.
    """
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    return ("stamp",) in tables and connection.execute("FROM stamp").fetchall()[0][0] == version


def make(connection: DuckDBPyConnection, version: str) -> None:
    """Make the tables, empty."""
    connection.execute("BEGIN")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO stamp VALUES (?, ?)", [version, uuid.uuid4().hex])
    connection.execute("COMMIT")


def stamp(connection: DuckDBPyConnection) -> str:
    """What tells this state of the tables from all others."""
    (found,) = connection.execute("SELECT stamp FROM stamp").fetchall()
    return str(found[0])


def bring_up(connection: DuckDBPyConnection, s: Session, scratch: Path) -> dict[str, int]:
    """Bring the copy up to the database: insert, update and delete rows, in one transaction.

    Returns how many rows of each table changed. ``scratch``: a folder for what is on its way.
    """
    connection.execute("BEGIN")
    changed = {
        "plays": _plays(connection, s, scratch / "plays.csv"),
        "entities": _entities(connection, s, scratch / "entities.csv"),
        "recordings": _recordings(connection, s, scratch / "recordings.csv"),
    }
    if any(changed.values()):
        connection.execute("UPDATE stamp SET stamp = ?", [uuid.uuid4().hex])
    connection.execute("COMMIT")
    return changed


def fold(connection: DuckDBPyConnection, texts: str, scratch: Path) -> None:
    """Have ``names`` hold each text of a table (``kind``, ``name``) as it is compared."""
    new = connection.execute(
        f"SELECT kind, name FROM {texts} WHERE name <> '' EXCEPT SELECT kind, name FROM names"
    )
    parts = iter(lambda: new.fetchmany(_AT_ONCE), [])
    folded = ([(kind, name, _folded(kind, name)) for kind, name in some] for some in parts)
    _write(scratch / "names.csv", folded)
    _read(connection, scratch / "names.csv", "read_names", _NAME)
    connection.execute("INSERT INTO names FROM read_names")


def _folded(kind: str, name: str) -> str:
    if kind == "title":
        return music_names.folded_title(name)
    return music_names.folded_artist(name) if kind == "artist" else music_names.folded(name)


def _plays(connection: DuckDBPyConnection, s: Session, file: Path) -> int:
    changed = 0
    for ids in _ranges(_differing(music_export.play_blocks(s), _play_blocks(connection))):
        _write(file, music_export.plays(s, ids))
        changed += _take_plays(connection, file, f"play_id BETWEEN {ids.first} AND {ids.last}")
    return changed


def _play_blocks(connection: DuckDBPyConnection) -> dict[int, State]:
    found = connection.execute(
        f"SELECT play_id // {BLOCK}, {_state('changed_at')}, sum(play_id) FROM plays GROUP BY 1"
    )
    return {block: State(*some) for block, *some in found.fetchall()}


def _take_plays(connection: DuckDBPyConnection, file: Path, gone: str) -> int:
    _read(connection, file, "new_plays", _READ_PLAY)
    same = " AND ".join(f"i.{name} IS NOT DISTINCT FROM n.{name}" for name in _TRACK)
    names = ", ".join(_TRACK)
    connection.execute(
        f"INSERT INTO identities ({names}) SELECT DISTINCT {names} FROM new_plays n "
        f"WHERE NOT EXISTS (FROM identities i WHERE {same})"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE read_plays AS SELECT n.* EXCLUDE (changed_at, {names}), "
        f"{_LOCAL}, i.identity, n.changed_at FROM new_plays n JOIN identities i ON {same}"
    )
    return _replace(connection, "plays", "play_id", gone)


def _entities(connection: DuckDBPyConnection, s: Session, file: Path) -> int:
    changed = 0
    there = music_export.entity_kinds(s)
    for source, kind in _differing(there, _kinds(connection)):
        of = f"source = '{source}' AND kind = '{kind}'"
        newest = connection.execute(f"SELECT max(fetched_at) FROM entities WHERE {of}")
        last = newest.fetchall()[0][0]
        if last:  # most often what came after it is all that is new
            after = last.replace(tzinfo=UTC)
            _write(file, music_export.entities(s, source, kind, after))
            changed += _take_entities(connection, file, "false")
        if there.get((source, kind)) != _kinds(connection).get((source, kind)):
            _write(file, music_export.entities(s, source, kind))
            changed += _take_entities(connection, file, of)
    return changed


def _kinds(connection: DuckDBPyConnection) -> dict[tuple[str, str], State]:
    found = connection.execute(
        f"SELECT source, kind, {_state('fetched_at')} FROM entities GROUP BY 1, 2"
    )
    return {(source, kind): State(*some) for source, kind, *some in found.fetchall()}


def _state(column: str) -> str:
    return f"count(*), sum(microsecond({column}) % 1000000)"


def _differing(there: dict[T, State], here: dict[T, State]) -> list[T]:
    """What the database and the copy do not have alike, in its order."""
    return sorted(one for one in there.keys() | here if there.get(one) != here.get(one))


def _take_entities(connection: DuckDBPyConnection, file: Path, gone: str) -> int:
    _read(connection, file, "read_entities", _ENTITY)
    return _replace(connection, "entities", "source, kind, id", gone)


def _recordings(connection: DuckDBPyConnection, s: Session, file: Path) -> int:
    _write(file, music_export.recordings(s))
    _read(connection, file, "read_recordings", _RECORDING)
    return _replace(connection, "recordings", "item_id", "true")


def _replace(connection: DuckDBPyConnection, table: str, key: str, gone: str) -> int:
    """Put the rows of ``read_…`` into a table; returns how many that changes.

    What has the same key is replaced, and what ``gone`` holds for and was not read goes.
    """
    read = f"read_{table}"
    keys = f"SELECT {key} FROM"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE changed AS FROM {read} "
        f"EXCEPT FROM {table} WHERE ({key}) IN ({keys} {read})"
    )
    (removed,) = connection.execute(
        f"DELETE FROM {table} WHERE ({gone}) AND ({key}) NOT IN ({keys} {read})"
    ).fetchone() or (0,)
    connection.execute(f"DELETE FROM {table} WHERE ({key}) IN ({keys} changed)")
    (put,) = connection.execute(f"INSERT INTO {table} FROM changed").fetchone() or (0,)
    return int(removed) + int(put)


def _ranges(blocks: Sequence[int]) -> list[Ids]:
    """Blocks as ranges of ids: neighbours together, as many as are read at once."""
    found: list[Ids] = []
    for block in blocks:
        first, last = block * BLOCK, block * BLOCK + BLOCK - 1
        if found and found[-1].last == first - 1 and last - found[-1].first < _AT_ONCE:
            found[-1] = Ids(found[-1].first, last)
        else:
            found.append(Ids(first, last))
    return found


def _write(file: Path, parts: Iterable[Sequence[Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        for rows in parts:
            writer.writerows(rows)


def _read(connection: DuckDBPyConnection, file: Path, table: str, columns: str) -> None:
    """A file as a temporary table; nothing between two commas is NULL, as is an empty text."""
    pairs = (one.split() for one in columns.split(", "))
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in pairs)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_csv(?, columns = {{{types}}}, "
        "header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        # A "\r" within a text is read as it is only so.
        "new_line = '\\r\\n', strict_mode = false, parallel = false, max_line_size = 16777216)",
        [str(file)],
    )
    file.unlink()
