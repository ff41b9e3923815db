"""The home: a folder that carries our mark, so that nothing of anybody else's is taken for ours.

It is marked before anything else is written into it. A folder that is not empty and carries no
mark is refused untouched, unless a person adopts it (docs/decisions/0026-homes.md).
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import uuid
from contextlib import closing, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from utils import clock
from utils.config import HOUSE_RULES, RULES, TARGETS, Settings
from utils.errors import PermanentError, SettingsError, from_os_error
from utils.storage import private

MARKER = ".nightshift-home"
INBOX = "inbox"
# What Night Shift keeps in a home, besides the inbox: none of it is a library.
PLACES = frozenset(
    ("items", "scratch", "reports", "logs", "incoming", "chroma", "prefect", "prefect-server",
     "postgres", "cache")
)  # fmt: skip
# The files that 0.1 made beside them: with the database elsewhere they tell its homes.
_FILES_OF_0_1 = frozenset(
    ("schema.lock", "chroma.lock", "services.json", "cleaned", "prefect-server.db")
)
# What may lie in a folder that becomes a home: of file systems, and the inbox that a person (or
# Docker, for docker-compose.yml) made first, out of which nothing is ever removed.
_MAY_BE_THERE = frozenset(("lost+found", INBOX, RULES, HOUSE_RULES, TARGETS))
_WAL_BYTES = 32 * 2**20  # of a write-ahead log so much is looked at; chosen


def prepare(settings: Settings) -> None:
    """Make the home if it is not there, mark it, and close it to others, before it is written to.

    Raises:
        SettingsError: it is somebody else's folder.
        NightShiftError: it can't be made.
    """
    _prepare(settings.home)


@cache
def _prepare(home: Path) -> None:
    require_ours(home)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark(home)
        private.close(home)
    except OSError as error:
        raise from_os_error(error, f"making {home}") from error


def require_ours(home: Path) -> None:
    """Make sure, without writing anything, that ``home`` is a home or may become one.

    Raises:
        SettingsError: it holds something, and it is not ours.
    """
    try:
        names = {path.name for path in home.iterdir()} - _MAY_BE_THERE
    except FileNotFoundError:
        return
    except OSError as error:
        raise from_os_error(error, f"reading {home}") from error
    if not names or is_home(home) or _is_0_1_with_a_server(names):
        return
    raise SettingsError(
        f"{home} is not empty and no home of Night Shift: nothing in it was touched. Set "
        "NIGHTSHIFT_HOME to another folder; or, if it is to be the home all the same, run "
        "`nightshift --adopt doctor` once."
    )


def adopt(settings: Settings) -> None:
    """Mark a folder as the home whatever it holds, because a person said so.

    Raises:
        NightShiftError: it is not there, or can't be marked.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark(settings.home)
        private.close(settings.home)
    except OSError as error:
        raise from_os_error(error, f"marking {settings.home}") from error


def mark(home: Path) -> None:
    """Write the mark, unless it is there: which home this is, since when, made by what.

    Raises:
        OSError: it can't be written.
    """
    if is_marked(home):
        return
    try:
        made_by = version("nightshift")
    except PackageNotFoundError:
        made_by = "unknown"
    told = {"id": uuid.uuid4().hex, "made_at": clock.now().isoformat(), "version": made_by}
    with suppress(FileExistsError):  # another process was faster
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(home / MARKER, flags, 0o600), "w") as file:
            file.write(json.dumps(told) + "\n")


def is_marked(home: Path) -> bool:
    """True if a folder carries the mark; a link to one elsewhere is none."""
    try:
        return stat.S_ISREG((home / MARKER).lstat().st_mode)
    except OSError:
        return False


def is_home(folder: Path) -> bool:
    """True if a folder is a home, ours or another's: marked, or with a database of 0.1."""
    return is_marked(folder) or _is_database(folder / "nightshift.db")


def refuse_as_library(path: Path) -> None:
    """Make sure that a folder may be searched for media.

    Raises:
        PermanentError: it is a home, or one of the places where a home keeps what it made.
    """
    for folder in (path, *path.parents):
        if not is_home(folder):
            continue
        inside = path.relative_to(folder).parts
        if not inside:
            raise PermanentError(
                f"{path} is a home of Night Shift, not a library: what it made lies there. Put "
                f"media into {folder / INBOX}, or into a folder outside."
            )
        if inside[0] in PLACES:
            raise PermanentError(
                f"{path} holds what Night Shift made: it is no library. Put media into "
                f"{folder / INBOX}, or into a folder outside."
            )


def _is_database(path: Path) -> bool:
    """True for an SQLite database with our tables; looked at so that nothing is written there."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as database:
            rows = database.execute("SELECT name FROM sqlite_master").fetchall()
        if {("alembic_version",), ("executions",)} <= set(rows):
            return True
        # Killed before its first checkpoint: all that there is stands in the log beside it.
        with path.with_name(f"{path.name}-wal").open("rb") as log:
            text = log.read(_WAL_BYTES)
        return b"TABLE alembic_version" in text and b"TABLE executions" in text
    except (OSError, ValueError, sqlite3.Error):
        return False


def _is_0_1_with_a_server(names: set[str]) -> bool:
    """True for a home of 0.1 whose database is elsewhere: all of it is named as ours is."""
    return "schema.lock" in names and names <= PLACES | _FILES_OF_0_1
