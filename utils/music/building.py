"""The tables of music are built: aside, tested, then swapped in at once.

1. What differs in the database is copied into ``staging.duckdb`` (utils/music/staging.py).
2. If that is nothing, the tables stay as they are. Else each model (utils/music/models/*.sql)
   becomes a table in memory, in order. All of them are made again from the copy: what comes late
   (an artist gets an id, so its key changes) needs no second way of its own.
3. Those of docs/music.md are written as Parquet into a folder aside and read back for the tests
   in the models' headers. A test that fails ends the build: readers keep what they had.
4. The folder gets its name, and then ``current`` is replaced.

A kill leaves at most a folder aside, which the next build removes. Builds that were replaced stay
for an hour, for those who still read them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from utils import clock
from utils.config import Settings
from utils.db.session import session
from utils.errors import ResourceError, RetryableError, from_os_error
from utils.models import music_names
from utils.models.music import Fault, Outcome, SubflowResult
from utils.music import checks, known_as, staging, tables
from utils.music.tables import ABOUT, BUILD_NAME, CURRENT, TABLES, Build
from utils.storage import home, removal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAME = "transformation"
_PLACE = "music/tables"
_ASIDE = "building"
_STAGING = "staging.duckdb"
_KEPT_SECONDS = 3600
_PLAYED = "fact_track_played"
_TEXTS = "texts"  # the model whose names are folded as soon as it is there


def build(settings: Settings, full: bool = False) -> SubflowResult:
    """Bring the tables up to date; ``full``: read everything again.

    The result is ``failed`` where a test of the tables does, with an error for each.

    Raises:
        RetryableError: another build is under way, and does not end.
        ResourceError: the disk or the memory does not suffice.
        SettingsError: duckdb is not installed.
    """
    began = time.monotonic()
    tables.require()
    home.prepare(settings)
    tables.folder(settings).mkdir(parents=True, exist_ok=True)
    with _alone(settings), _translated():
        removal.remove(settings.home, _PLACE, _ASIDE)
        _aside(settings).mkdir()
        connection, is_new = _staging(settings, full)
        try:
            result = _built(settings, connection, is_new)
        finally:
            connection.close()
            removal.remove(settings.home, _PLACE, _ASIDE)
    return result.model_copy(update={"seconds": time.monotonic() - began})


def _built(settings: Settings, connection: DuckDBPyConnection, is_new: bool) -> SubflowResult:
    with session() as s:
        known_as.refresh(s)  # an ISRC that MusicBrainz knows by now is that of a recording
    with session() as s:  # reads alone: nobody waits for it
        metrics = staging.bring_up(connection, s, _aside(settings))
    metrics |= {"new": metrics["plays"], "full": int(is_new)}
    stamp = staging.stamp(connection)
    newest = tables.newest(settings)
    if newest and _is_current(settings, newest, stamp):
        metrics["rows"] = newest.rows[_PLAYED]
        return SubflowResult(name=NAME, status=Outcome.NO_UPDATES, metrics=metrics)
    rows, faults = _made(settings, connection)
    metrics |= {"rows": rows[_PLAYED], "errors": len(faults)}
    if faults:
        return SubflowResult(
            name=NAME, status=Outcome.FAILED, metrics=metrics, errors=tuple(faults[:100])
        )
    _swap(settings, stamp, rows, full=is_new)
    return SubflowResult(name=NAME, status=Outcome.SUCCESS, metrics=metrics)


def version(settings: Settings) -> str:
    """What tells tables of these models, names and time zone from others: a hash of them."""
    import duckdb

    digest = hashlib.sha256(f"{duckdb.__version__} {settings.timezone}".encode())
    for file in (*sorted(checks.MODELS.glob("*.sql")), *map(_source, (staging, music_names))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _source(module: object) -> Path:
    return Path(str(getattr(module, "__file__", "")))


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One build at a time in a home; the kernel frees the lock of a process that dies."""
    lock = FileLock(tables.folder(settings).parent / "build.lock")
    try:
        with lock.acquire(timeout=settings.music.transformation_timeout):
            yield
    except Timeout as error:
        raise RetryableError(
            "Another build of the tables of music is under way, for longer than "
            f"{settings.music.transformation_timeout} s. Wait for it, or end it."
        ) from error


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Errors of duckdb and of the disk as ours."""
    import duckdb

    try:
        yield
    except OSError as error:
        raise from_os_error(error, "building the tables of music") from error
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        said = str(error).splitlines()[0]
        raise ResourceError(
            f"The tables of music can't be built: {said}. Free disk or memory, then run again; "
            "the tables stay as they were."
        ) from error


def _staging(settings: Settings, full: bool) -> tuple[DuckDBPyConnection, bool]:
    """The copy of the database, and whether it is new: asked for, of another version, or broken."""
    file = tables.folder(settings).parent / _STAGING
    if file.exists() and not full and (known := _known(settings, file)) is not None:
        return known, False
    for name in (_STAGING, f"{_STAGING}.wal"):
        removal.remove(settings.home, "music", name)
    connection = _connected(settings, file)
    staging.make(connection, version(settings))
    return connection, True


def _known(settings: Settings, file: Path) -> DuckDBPyConnection | None:
    """The copy that is there; None if it is of another version, of ours or of duckdb, or broken."""
    import duckdb

    try:
        connection = _connected(settings, file)
    except duckdb.Error:
        return None
    with contextlib.suppress(duckdb.Error):
        if staging.is_of(connection, version(settings)):
            return connection
    connection.close()
    return None


def _connected(settings: Settings, file: Path) -> DuckDBPyConnection:
    connection = tables.connected(file)
    connection.execute("SET temp_directory = ?", [str(_aside(settings) / "spilled")])
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET VARIABLE zone = ?", [settings.timezone])
    return connection


def _aside(settings: Settings) -> Path:
    """The folder in which this build takes place."""
    return tables.folder(settings) / _ASIDE


def _is_current(settings: Settings, newest: Build, stamp: str) -> bool:
    """Whether a build is of this copy, of these models and whole."""
    place = tables.folder(settings) / newest.name
    is_whole = all((place / f"{table}.parquet").exists() for table in TABLES)
    return is_whole and (newest.stamp, newest.version) == (stamp, version(settings))


def _made(settings: Settings, connection: DuckDBPyConnection) -> tuple[dict[str, int], list[Fault]]:
    """Make all tables aside; returns their rows, and which of their tests fail."""
    place = _aside(settings)
    rows: dict[str, int] = {}
    known = checks.models()
    for model in known:
        if model.table not in TABLES:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {model.table} AS {model.sql}")
            if model.table == _TEXTS:
                staging.fold(connection, _TEXTS, place)
            continue
        file = tables.quoted(place / f"{model.table}.parquet")
        connection.execute(f"COPY ({model.sql}) TO {file} (FORMAT parquet, COMPRESSION zstd)")
        # What is tested is what readers get.
        connection.execute(f"CREATE TEMP VIEW {model.table} AS FROM read_parquet({file})")
        count = connection.execute(f"SELECT count(*) FROM {model.table}")
        rows[model.table] = count.fetchall()[0][0]
    return rows, [fault for model in known for fault in checks.failures(connection, model)]


def _swap(settings: Settings, stamp: str, rows: dict[str, int], full: bool) -> None:
    """Give the folder aside its name, and readers the name."""
    place = tables.folder(settings)
    old = tables.newest(settings)
    name = f"build-{uuid.uuid4().hex[:12]}"
    made = Build(
        name=name, version=version(settings), stamp=stamp, timezone=settings.timezone, full=full,
        built_at=clock.now(), rows=rows,
    )  # fmt: skip
    removal.remove(settings.home, f"{_PLACE}/{_ASIDE}", "spilled")
    (place / _ASIDE / ABOUT).write_text(made.model_dump_json(indent=1))
    for file in (place / _ASIDE).iterdir():
        _to_disk(file)
    (place / _ASIDE).rename(place / name)
    pointer = place / f"{CURRENT}.new"
    pointer.write_text(f"{name}\n")
    _to_disk(pointer)
    pointer.replace(place / CURRENT)
    _to_disk(place)
    _remove_old(settings, name, old)


def _remove_old(settings: Settings, name: str, old: Build | None) -> None:
    """Remove builds that were replaced an hour ago; ``old`` was replaced just now."""
    place = tables.folder(settings)
    if old is not None:
        with contextlib.suppress(OSError):
            os.utime(place / old.name)
    for other in removal.names(settings.home, _PLACE, BUILD_NAME):
        since = time.time() - (place / other).stat().st_mtime
        if other != name and since > _KEPT_SECONDS:
            removal.remove(settings.home, _PLACE, other)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
