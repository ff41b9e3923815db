"""The tables of the last build as files for other tools."""

from __future__ import annotations

import os
from pathlib import Path

from utils.config import Settings
from utils.errors import PermanentError, UsageError, from_os_error
from utils.music import tables
from utils.music.tables import TABLES

DATABASE = "music.duckdb"


def export(settings: Settings, directory: Path, form: str) -> list[Path]:
    """Write a file a table (``parquet``, ``csv``), or all of them into one ``duckdb`` database.

    Each file gets its name when it is whole. A list is ``[a, b]`` in CSV.

    Raises:
        UsageError: nothing was built yet, or a file is there already.
        ResourceError: the disk is full.
    """
    tables.require()
    import duckdb

    with tables.opened(settings):
        build = tables.newest(settings)
    assert build is not None, "it was just opened"
    source = tables.folder(settings) / build.name
    names = [DATABASE] if form == "duckdb" else [f"{table}.{form}" for table in TABLES]
    for name in names:
        if (directory / name).exists():
            raise UsageError(f"{directory / name} is there already. Remove it, or name another.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        written = [_write(source, directory / name, form) for name in names]
    except OSError as error:
        raise from_os_error(error, f"writing to {directory}") from error
    except duckdb.Error as error:
        raise PermanentError(
            f"{directory} can't be written: {str(error).splitlines()[0]}"
        ) from error
    return written


def _write(source: Path, target: Path, form: str) -> Path:
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        if form == "duckdb":
            _write_database(source, aside)
        else:
            _write_table(source / f"{target.stem}.parquet", aside, form)
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)
    return target


def _write_database(source: Path, target: Path) -> None:
    with tables.connected(target) as connection:
        for table in TABLES:
            file = tables.quoted(source / f"{table}.parquet")
            connection.execute(f"CREATE TABLE {table} AS FROM read_parquet({file})")


def _write_table(source: Path, target: Path, form: str) -> None:
    options = "FORMAT csv, HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION zstd"
    with tables.connected() as connection:
        connection.execute(
            f"COPY (FROM read_parquet({tables.quoted(source)})) "
            f"TO {tables.quoted(target)} ({options})"
        )
