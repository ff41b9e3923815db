"""Growth is bounded: once a day a shift cleans up, Prefect's own records included.

A self-hosted server removes old flow runs, logs, artifacts and events itself
(deployments/services.py). An ephemeral one never removes flow runs (of its vacuum it runs the
events alone), so a set-up without a server calls the same functions of Prefect on the database
in the home.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from prefect import get_run_logger
from prefect.settings import (
    PREFECT_API_DATABASE_CONNECTION_URL,
    PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD,
    temporary_settings,
)
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from utils.config import Settings
from utils.errors import NightShiftError, RetryableError
from utils.housekeeping import retention
from utils.housekeeping.retention import Part
from utils.processes.prefect_environment import is_served


def once_a_day(settings: Settings) -> None:
    """Clean if a day has passed since the last time; what can't be cleaned now is another day."""
    log = get_run_logger()
    try:
        if not retention.is_due(settings):
            return
        parts = [*retention.clean(settings), *clean_prefect(settings)]
    except NightShiftError as error:  # the shift's own work is done
        log.warning("Not cleaned: %s", error)
        return
    for part in parts:
        if part.rows or part.files:
            log.info("Removed %s: %d rows, %d files", part.what, part.rows, part.files)


def clean_prefect(settings: Settings, dry_run: bool = False) -> list[Part]:
    """Remove what is older than the settings keep from an embedded Prefect database."""
    database = _embedded(settings)
    if database is None:
        return []
    kept = timedelta(days=settings.prefect_retention_days)
    try:
        with temporary_settings({PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD: kept}):
            return [Part("Prefect's flow runs", asyncio.run(_vacuum(kept, dry_run)))]
    except DBAPIError as error:
        raise RetryableError(
            f"Prefect's database {database} can't be cleaned now: {error.orig}. "
            "It is in use, or of another version; the next shift brings it up to date."
        ) from error


def compact_prefect(settings: Settings, dry_run: bool = False) -> list[Part]:
    """Give the room that was freed in an embedded Prefect database back to the disk."""
    database = _embedded(settings)
    if database is None:
        return []
    return [Part("free room in Prefect's database", 0, 0, retention.compact(database, dry_run))]


def _embedded(settings: Settings) -> Path | None:
    """Prefect's SQLite file, where this set-up has no server and Prefect was used before.

    Only the home's own: one that a person set may have the runs of others.
    """
    url = make_url(str(PREFECT_API_DATABASE_CONNECTION_URL.value()))
    if is_served(settings) or url.get_backend_name() != "sqlite" or not url.database:
        return None
    path = Path(url.database)
    is_ours = path.is_relative_to(settings.home)
    return path if is_ours and path.exists() and path.stat().st_size else None


async def _vacuum(kept: timedelta, dry_run: bool) -> int:
    """Flow runs that are too old, removed with all that hangs on them."""
    from prefect.server.database import provide_database_interface
    from prefect.server.schemas.states import TERMINAL_STATES
    from prefect.server.services import db_vacuum
    from prefect.types._datetime import now

    db = provide_database_interface()
    old = select(func.count()).where(
        db.FlowRun.state_type.in_(TERMINAL_STATES), db.FlowRun.end_time < now("UTC") - kept
    )
    async with db.session_context() as s:
        number = int((await s.execute(old)).scalar_one())
    if number and not dry_run:
        await db_vacuum.vacuum_old_flow_runs(db=db)
        await db_vacuum.vacuum_stale_artifact_collections(db=db)
    if not dry_run:
        await db_vacuum.vacuum_events_with_retention_overrides(db=db)
        await db_vacuum.vacuum_old_events(db=db)
    return number
