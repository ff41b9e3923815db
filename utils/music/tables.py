"""The tables of the music library: the newest whole build, opened for reading.

``NIGHTSHIFT_HOME/music/tables/`` holds ``current``, the name of the newest build, and beside it a
folder a build with a Parquet file a table and its ``build.json``. A build is never changed once it
has its name; what replaced it takes over by the replacement of ``current`` alone
(utils/music/building.py).
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from utils.config import Settings
from utils.errors import SettingsError, UsageError
from utils.models.base import Frozen

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = (
    "dim_artist",
    "dim_album",
    "dim_track",
    "dim_date",
    "dim_time",
    "dim_artist_genre",
    "fact_artist_genre",
    "fact_track_played",
)
CURRENT = "current"
ABOUT = "build.json"
BUILD_NAME = re.compile(r"build-[0-9a-f]{12}")
_MEMORY = "400MB"
_THREADS = 2


class Build(Frozen):
    """A build of the tables: ``version`` of the models, ``rows`` by table.

    ``stamp``: of the copy of the database that it was made of. ``full``: all of it was read again.
    """

    name: str
    version: str
    stamp: str
    timezone: str
    full: bool
    built_at: datetime
    rows: dict[str, int]


def folder(settings: Settings) -> Path:
    """Where the tables lie."""
    return settings.home / "music" / "tables"


def newest(settings: Settings) -> Build | None:
    """The build that readers are given; None where there is none yet."""
    place = folder(settings)
    try:
        name = (place / CURRENT).read_text().strip()
        if not BUILD_NAME.fullmatch(name):
            return None
        return Build.model_validate_json((place / name / ABOUT).read_bytes())
    except (FileNotFoundError, UnicodeDecodeError, ValidationError):
        return None


def opened(settings: Settings) -> DuckDBPyConnection:
    """A connection with a view for each table of docs/music.md; it reads those files alone.

    It goes on showing its build when a newer one takes over, for an hour at least.

    Raises:
        UsageError: nothing was built yet.
        SettingsError: duckdb is not installed.
    """
    build = newest(settings)
    if build is None:
        raise UsageError("No tables of music were built yet: nightshift music build")
    place = folder(settings) / build.name
    connection = connected()
    for table in TABLES:
        file = quoted(place / f"{table}.parquet")
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet({file})")
    # From here on, whatever SQL is asked: no other file, no network, no way back.
    connection.execute(f"SET allowed_directories = [{quoted(f'{place}/')}]")
    connection.execute("SET temp_directory = ''")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def require() -> None:
    """Make sure that duckdb is there, before anything is begun.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        import duckdb  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "Tables of music need duckdb, which is not installed: pip install 'nightshift[music]'."
        ) from error


def connected(database: Path | None = None) -> DuckDBPyConnection:
    """duckdb in memory or in a file, bounded, with no extension but those that are built in.

    Raises:
        SettingsError: duckdb is not installed.
    """
    require()
    import duckdb

    connection = duckdb.connect(
        str(database or ":memory:"),
        config={
            "memory_limit": _MEMORY,
            "threads": _THREADS,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def quoted(path: Path | str) -> str:
    """A path as a text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"
