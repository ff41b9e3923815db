"""Prefect's own records (flow runs, states, logs, artifacts, events), kept for a while only.

A self-hosted server removes them itself: deployments/services.py switches its vacuum on. An
ephemeral server never does for flow runs (of its vacuum it runs the events alone), so a set-up
without a server calls the same functions of Prefect on the database in the home.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from prefect.settings import (
    PREFECT_API_DATABASE_CONNECTION_URL,
    PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD,
    temporary_settings,
)
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from utils import retention
from utils.config import Settings, is_served
from utils.retention import Part


def clean(settings: Settings, dry_run: bool = False) -> list[Part]:
    """Remove what is older than the settings keep from an embedded Prefect database."""
    if is_served(settings):
        return []
    kept = timedelta(days=settings.prefect_retention_days)
    with temporary_settings({PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD: kept}):
        return [Part("Prefect's flow runs", asyncio.run(_vacuum(kept, dry_run)))]


def compact(settings: Settings, dry_run: bool = False) -> list[Part]:
    """Give the room that was freed in an embedded Prefect database back to the disk."""
    url = make_url(str(PREFECT_API_DATABASE_CONNECTION_URL.value()))
    if is_served(settings) or url.get_backend_name() != "sqlite" or not url.database:
        return []
    freed = retention.compact(Path(url.database), dry_run)
    return [Part("free room in Prefect's database", 0, 0, freed)]


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
