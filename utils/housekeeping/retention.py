"""What is kept, and for how long: so that a home does not grow for ever.

Never touched: originals, renditions, verdicts, what is known of an item, and every result that
a step may be asked for again. Prefect's own records: tasks/retention.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from utils import clock
from utils.clock import now
from utils.config import Settings
from utils.db import audit, music_runs, pruning
from utils.db.session import engine, session
from utils.errors import from_os_error
from utils.housekeeping import recovery
from utils.search import vectors
from utils.sources import received
from utils.storage import picture_cache, removal

_DAY_SECONDS = 24 * 3600
# Names of ours: a report has its run's, a log its service's (deployments/services.py).
_REPORTS = "reports"
_RUN = re.compile(r"[0-9a-f]{12}")
_LOG = re.compile(r"(prefect-server|chroma|deploy|worker(-\d+)?|metrics|api)\.log")
# Of a log of `nightshift up` that grows beyond the first the end stays, in a second file (chosen).
_LOG_BYTES, _LOG_KEPT_BYTES = 10 * 2**20, 2**20
# Less free room inside a database is not worth the time of rewriting it (chosen).
_WORTH_COMPACTING_BYTES = 16 * 2**20


class Part(NamedTuple):
    """What was removed of one kind; sizes of rows are those of their text."""

    what: str
    rows: int = 0
    files: int = 0
    size_bytes: int = 0


def clean(settings: Settings, dry_run: bool = False) -> list[Part]:
    """Remove what is older than the settings keep; with ``dry_run`` only say what that is."""
    return [
        _dead(settings, dry_run),
        *_runs(settings, dry_run),
        _music_runs(settings, dry_run),
        _uploads(settings, dry_run),
        _audit(settings, dry_run),
        _executions(settings, dry_run),
        _logs(settings, dry_run),
        _pictures(settings, dry_run),
    ]


def clean_by_hand(settings: Settings, dry_run: bool = False) -> list[Part]:
    """The same, and what nobody should remove unasked, or while a shift works."""
    former = vectors.forget_former(settings, dry_run)
    return [
        *clean(settings, dry_run),
        Part("former search indexes", *former),
        *_free_room(settings, dry_run),
    ]


def is_due(settings: Settings) -> bool:
    """True a day after the last time, or if the clock was set back since; then the day begins.

    A home that was never cleaned has nothing old yet, or waits for one more day.
    """
    stamp = settings.home / "cleaned"
    try:
        began = stamp.exists()
        if began and 0 <= clock.now().timestamp() - stamp.stat().st_mtime < _DAY_SECONDS:
            return False
        stamp.touch()
    except OSError as error:
        raise from_os_error(error, f"writing {stamp}") from error
    return began


def _dead(settings: Settings, dry_run: bool) -> Part:
    found = recovery.recover(settings, dry_run)
    return Part("left by dead processes", found.executions, found.files, found.size_bytes)


def _runs(settings: Settings, dry_run: bool) -> Iterator[Part]:
    before = now() - timedelta(days=settings.retention_days)
    with session() as s:
        old = [run.id for run in pruning.old_runs(s, before, settings.retention_runs)]
        weight = pruning.weigh_runs(s, old)
        if not dry_run:
            pruning.forget_runs(s, old)
        kept = pruning.run_ids(s) - set(old)
    yield Part("runs", weight.rows, 0, weight.size_bytes)
    oldest = clock.now().timestamp() - settings.retention_days * _DAY_SECONDS
    reports = {
        path.name: path.stat().st_size
        for name in removal.names(settings.home, _REPORTS, re.compile(r".+\.html"))
        if (path := settings.home / _REPORTS / name).stem in old
        or (_RUN.fullmatch(path.stem) and path.stem not in kept and path.stat().st_mtime < oldest)
    }
    if not dry_run:
        for name in reports:
            removal.remove(settings.home, _REPORTS, name)
    yield Part("reports", 0, len(reports), sum(reports.values()))


def _audit(settings: Settings, dry_run: bool) -> Part:
    before = now() - timedelta(days=settings.pages.audit_days)
    with session() as s:
        return Part("audit log", audit.prune(s, before, dry_run))


def _music_runs(settings: Settings, dry_run: bool) -> Part:
    before = now() - timedelta(days=settings.retention_days)
    with session() as s:
        old = music_runs.old(s, before)
        if not dry_run:
            music_runs.forget(s, old)
    return Part("runs of music", len(old))


def _executions(settings: Settings, dry_run: bool) -> Part:
    before = now() - timedelta(days=settings.retention_days)
    with session() as s:
        weight = pruning.weigh_superseded(s, before)
        if weight.rows and not dry_run:
            pruning.forget_superseded(s, before)
    return Part("superseded executions", weight.rows, 0, weight.size_bytes)


def _uploads(settings: Settings, dry_run: bool) -> Part:
    before = now() - timedelta(days=settings.retention_days)
    return Part("abandoned uploads", *received.remove_expired(settings, before, dry_run))


def _logs(settings: Settings, dry_run: bool) -> Part:
    """Cut logs that servers write to; they append, so they go on at the new end."""
    files = freed = 0
    for name in removal.names(settings.home, "logs", _LOG):
        with removal.opened(settings.home, "logs") as folder:
            size = os.stat(name, dir_fd=folder).st_size
            if size <= _LOG_BYTES:
                continue
            files, freed = files + 1, freed + size - _LOG_KEPT_BYTES
            if not dry_run:
                _cut(folder, name)
    return Part("logs", 0, files, freed)


def _pictures(settings: Settings, dry_run: bool) -> Part:
    return Part("small pictures", 0, *picture_cache.shrink(settings.home, dry_run=dry_run))


def _cut(folder: int | None, name: str) -> None:
    """Move the end of a log into a file beside it; neither is reached through a link."""

    def opener(path: str, flags: int) -> int:
        return os.open(path, flags | os.O_NOFOLLOW, 0o600, dir_fd=folder)

    try:
        with (
            open(name, "r+b", opener=opener) as log,
            open(f"{name}.1", "wb", opener=opener) as end,
        ):
            log.seek(-_LOG_KEPT_BYTES, 2)
            shutil.copyfileobj(log, end)
            log.truncate(0)
    except OSError as error:
        raise from_os_error(error, f"cutting {name}") from error


def _free_room(settings: Settings, dry_run: bool) -> Iterator[Part]:
    url = engine(settings).url
    if url.get_backend_name() == "sqlite" and url.database:
        yield Part("free room in the database", 0, 0, compact(Path(url.database), dry_run))


def compact(database: Path, dry_run: bool = False) -> int:
    """Give free room inside an SQLite file back to the disk; returns bytes, 0 if it is in use."""
    if not database.exists():
        return 0
    connection = sqlite3.connect(database, timeout=1, isolation_level=None)
    try:
        (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        free = int(pages * page_bytes)
        if free < _WORTH_COMPACTING_BYTES:
            return 0
        if not dry_run:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return free
    except sqlite3.OperationalError:  # locked, or no room for the copy: another time
        return 0
    finally:
        connection.close()
