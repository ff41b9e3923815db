"""A source and how it is, as JSON; what is secret in its addresses is not shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import run_history, source_reports
from utils.db.source_tables import Source, SourceLook
from utils.documents import run
from utils.models.schedule import cron_of, next_after
from utils.privacy import redaction

_RUNS = 10  # of `show`; `source runs` has all


def looked_into(location: str, look: SourceLook | None) -> dict[str, Any]:
    """How a place is, as JSON."""
    state = "never looked into" if look is None else "failing" if look.failing_since else "ok"
    return {
        "location": redaction.shown(location),
        "state": state,
        "looked_at": look.looked_at.isoformat() if look else None,
        "found": look.found if look else None,
        "error_class": look.error_class if look else None,
        "error": redaction.shown(look.error) if look and look.error else None,
        "failing_since": look.failing_since.isoformat() if look and look.failing_since else None,
    }


def document(row: Source, look: SourceLook | None, timezone: str) -> dict[str, Any]:
    """A source as it was defined, and how it is; ``timezone``: where it has none of its own."""
    known = looked_into(row.location, look)
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "url": known["location"],
        "pattern": row.pattern,
        "schedule": row.schedule,
        "timezone": row.timezone,
        "queue": row.queue,
        "profile": row.profile,
        "options": {name: _shown(value) for name, value in (row.options or {}).items()},
        "keep_last": row.keep_last,
        "since": row.since.isoformat() if row.since else None,
        "vocabulary": row.vocabulary,
        "added_at": row.added_at.isoformat(),
        "paused_at": row.paused_at.isoformat() if row.paused_at else None,
        **known,
        "state": "paused" if row.paused_at else known["state"],
        "next_look": _next(row, timezone),
        "prefect_deployment_id": row.prefect_deployment_id,
        "prefect_flow_id": row.prefect_flow_id,
    }


def whole(s: Session, row: Source, look: SourceLook | None, timezone: str) -> dict[str, Any]:
    """The same with its last runs, what it held by status, and who looks into the same place."""
    latest = run_history.of_source(s, row.id, _RUNS)
    return document(row, look, timezone) | {
        "files": source_reports.file_counts(s, row.id),
        "overlaps": source_reports.overlapping(s, row),
        "runs": [run.of_source(one) for one in latest],
    }


def _next(row: Source, timezone: str) -> str | None:
    """When it is looked into next by its own schedule, if somebody keeps that."""
    if not row.schedule or row.paused_at or not row.prefect_deployment_id:
        return None
    moment: datetime = next_after(cron_of(row.schedule), row.timezone or timezone, now())
    return moment.isoformat()


def _shown(value: Any) -> Any:
    return redaction.shown(value) if isinstance(value, str) else value
