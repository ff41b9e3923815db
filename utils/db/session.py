"""The database: its engine, its sessions, and the schema brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from utils.config import Settings, load_settings
from utils.errors import (
    PermanentError,
    ResourceError,
    RetryableError,
    SettingsError,
    from_os_error,
)

MIGRATIONS = Path(__file__).parent / "migrations"


@contextmanager
def session() -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back by any exception.

    Raises:
        RetryableError: the database is locked or out of reach.
    """
    try:
        with _sessions(load_settings())() as opened, opened.begin():
            yield opened
    except OperationalError as error:
        if "disk is full" in str(error.orig):
            raise ResourceError(
                f"The disk is full: {load_settings().home} can't take another row. "
                "Free some space, then run again."
            ) from error
        raise RetryableError(f"The database did not answer: {error.orig}") from error


def upsert(s: Session) -> Any:
    """The ``insert`` of this database that knows ``ON CONFLICT``."""
    return postgresql.insert if s.get_bind().dialect.name == "postgresql" else sqlite.insert


def engine(settings: Settings) -> Engine:
    """The engine of this process, its schema up to date."""
    return _engine(settings)


@cache
def _sessions(settings: Settings) -> sessionmaker[Session]:
    return sessionmaker(_engine(settings), expire_on_commit=False)


@cache
def _engine(settings: Settings) -> Engine:
    try:
        url = make_url(settings.sqlalchemy_url)
        settings.home.mkdir(parents=True, exist_ok=True)
        made = create_engine(url, pool_pre_ping=True)
    except (ArgumentError, ImportError) as error:
        raise SettingsError(
            "NIGHTSHIFT_DATABASE_URL is no SQLAlchemy URL with an installed driver, such as "
            "postgresql+psycopg://user:password@host/nightshift."
        ) from error
    except OSError as error:
        raise from_os_error(error, f"making {settings.home}") from error
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _prepare_sqlite)
    try:
        with FileLock(settings.home / "schema.lock"):
            upgrade(made)
    except OSError as error:
        raise from_os_error(error, f"writing to {settings.home}") from error
    except DBAPIError as error:
        raise PermanentError(
            f"The database at {url.render_as_string(hide_password=True)} can't be used: "
            f"{error.orig}"
        ) from error
    return made


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer, and patience instead of "database is locked"."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=30000")


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
        if target.dialect.name == "postgresql":  # two machines may start at once
            connection.execute(text("SELECT pg_advisory_xact_lock(73110)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
