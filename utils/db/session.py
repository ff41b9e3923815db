"""The database: its engine, its sessions, and the schema brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock
from sqlalchemy import Engine, create_engine, delete, event, false, inspect, literal, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from utils.config import Settings, load_settings
from utils.db import locks
from utils.db.schema import Flag
from utils.errors import (
    NightShiftError,
    PermanentError,
    ResourceError,
    RetryableError,
    SettingsError,
    from_os_error,
)
from utils.privacy.redaction import redacted
from utils.storage import home

T = TypeVar("T")
_HOME = "home"
_CHUNK = 500  # of up to seven columns: far below
MIGRATIONS = Path(__file__).parent / "migrations"


@contextmanager
def session() -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back by any exception.

    Raises:
        RetryableError: the database is locked, out of reach, or asked by too many at once.
        ResourceError: its disk is full or read-only.
        SettingsError: its file was removed, or another is in its place.
    """
    settings = load_settings()
    try:
        _check_file(_engine(settings))
        with _sessions(settings)() as opened, opened.begin():
            yield opened
    except (OperationalError, InterfaceError) as error:
        raise _translated(error, settings) from error
    except PoolTimeout as error:
        raise RetryableError(
            "All connections to the database are in use. Try again in a moment."
        ) from error


def home_of(s: Session) -> Path:
    """The folder that the paths in a session's database are relative to."""
    home: Path = s.info[_HOME]
    return home


def require_answer() -> None:
    """Make sure that the database answers.

    Raises:
        NightShiftError: it does not; says why and what to do.
    """
    with session() as s:
        s.execute(select(literal(1)))


def require_writable() -> None:
    """Make sure, before anything begins, that the database can be written.

    Raises:
        NightShiftError: it can't; says why and what to do.
    """
    with session() as s:  # a statement that changes nothing still needs the right to
        s.execute(delete(Flag).where(false()))


# The SQLite file of each engine: device and inode.
_files: dict[str, tuple[int, int]] = {}


def _check_file(used: Engine) -> None:
    """Look whether the file is still there: what is written to a removed one is lost.

    Raises:
        SettingsError: it was removed, or another is in its place.
    """
    path = used.url.database
    if used.dialect.name == "sqlite" and path and _identity(path) != _files.get(path):
        raise _removed(path)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        facts = Path(path).stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _removed(path: str | None) -> SettingsError:
    # No ResourceError: a shift waits for room, but a removed file does not come back by itself.
    return SettingsError(
        f"The database {path} was removed or replaced while it was in use. "
        "End all runs, put it or a backup back, then run again."
    )


def _translated(error: DBAPIError, settings: Settings) -> NightShiftError:
    """What a database says that is locked, full, read-only, gone or out of reach, with a remedy."""
    url = make_url(settings.sqlalchemy_url)
    where, said = redacted(str(url)), str(error.orig).strip()
    if url.get_backend_name() != "sqlite":
        return RetryableError(
            f"The database at {where} does not answer: {_first_line(error)}. "
            "Start it again, then run again."
        )
    if "locked" in said:
        return RetryableError(
            f"The database {url.database} is locked: another program has held it for "
            f"{settings.database_wait_seconds} s. End that program, then run again."
        )
    if "disk is full" in said:
        return ResourceError(
            f"The disk is full: {url.database} can't take another row. "
            "Free some space, then run again."
        )
    if "readonly" in said:
        return ResourceError(
            f"The database {url.database} can't be written: its file system or file is "
            "read-only. Make it writable, then run again."
        )
    if "unable to open" in said and url.database and Path(url.database).exists():
        return SettingsError(
            f"The database {url.database} may not be opened. Change its permissions, then run "
            "again."
        )
    if "no such table" in said or "disk I/O" in said or "unable to open" in said:
        return _removed(url.database)
    return RetryableError(f"The database {url.database} did not answer: {said}")


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in pieces for one statement each: SQLite takes 32,766 parameters."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def upsert(s: Session) -> Any:
    """The ``insert`` of this database that knows ``ON CONFLICT``."""
    return postgresql.insert if s.get_bind().dialect.name == "postgresql" else sqlite.insert


def engine(settings: Settings) -> Engine:
    """The engine of this process, its schema up to date."""
    return _engine(settings)


@cache
def _sessions(settings: Settings) -> sessionmaker[Session]:
    return sessionmaker(_engine(settings), expire_on_commit=False, info={_HOME: settings.home})


@cache
def _engine(settings: Settings) -> Engine:
    try:
        url = make_url(settings.sqlalchemy_url)
        home.prepare(settings)
        made = create_engine(url, pool_pre_ping=True)
    except (ArgumentError, ImportError) as error:
        raise SettingsError(
            "NIGHTSHIFT_DATABASE_URL is no SQLAlchemy URL with an installed driver, such as "
            "postgresql+psycopg://user:password@host/nightshift."
        ) from error
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _prepare_sqlite)
    try:
        with FileLock(settings.home / "schema.lock"):
            upgrade(made)
    except OSError as error:
        raise from_os_error(error, f"writing to {settings.home}") from error
    except DBAPIError as error:
        if made.dialect.name == "sqlite" and isinstance(error, OperationalError):
            raise _translated(error, settings) from error
        # One that is being restarted, or has a wrong password: a server that asks it again finds
        # out which (nightshift/api); a command ends with what it says.
        kind = RetryableError if isinstance(error, OperationalError) else PermanentError
        raise kind(
            f"The database at {redacted(str(url))} can't be used: {_first_line(error)}"
        ) from error
    if made.dialect.name == "sqlite" and url.database and (found := _identity(url.database)):
        _files[url.database] = found
    return made


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer, and patience instead of "database is locked"."""
    patience = f"busy_timeout={load_settings().database_wait_seconds * 1000}"
    for pragma in (patience, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def upgrade(target: Engine) -> None:
    """Bring the schema up to date; does nothing, and imports no Alembic, if it is.

    Raises:
        PermanentError: the database was written by a newer version.
    """
    known = [path.name.split("_")[0] for path in sorted((MIGRATIONS / "versions").glob("0*.py"))]
    with target.connect() as connection:
        present = None
        if inspect(connection).has_table("alembic_version"):
            present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if present == known[-1]:
        return
    if present is not None and present not in known:
        raise PermanentError(
            f"The database has schema {present}, this version knows up to {known[-1]}. "
            "Update Night Shift, or point NIGHTSHIFT_HOME to another folder."
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with target.begin() as connection:
        locks.wait_for(connection, locks.MIGRATIONS)  # two machines may start at once
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
