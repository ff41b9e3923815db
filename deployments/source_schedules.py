"""When a source is looked into: as its row has it, as Prefect has it, as we last wrote it there.

A difference between what is there and what we wrote was made in Prefect's UI, and is taken over
into the row; a difference between what we wrote and the row is written there. What we wrote stands
in the deployment's labels, which its UI leaves alone (docs/decisions/0039-sources.md).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from utils.config import Settings
from utils.db import sources
from utils.db.source_tables import Source
from utils.models.schedule import cron_of

CRON, ZONE, PAUSED = "nightshift.cron", "nightshift.timezone", "nightshift.paused"


class When(NamedTuple):
    """When something runs by itself: never without a ``cron``, which then has no time zone."""

    cron: str | None
    timezone: str | None
    is_paused: bool

    @property
    def words(self) -> str:
        """For people."""
        when = f"{self.cron} ({self.timezone})" if self.cron else "without a schedule"
        return f"{when}, paused" if self.is_paused else when


def of_row(row: Source, settings: Settings) -> When:
    """As a source is meant to be looked into."""
    cron = cron_of(row.schedule) if row.schedule else None
    zone = (row.timezone or settings.timezone) if cron else None
    return When(cron, zone, row.paused_at is not None)


def of_deployment(deployment: dict[str, Any]) -> When | None:
    """As a deployment runs now; None if a source can't have such a schedule, or so many."""
    schedules = deployment["schedules"]
    if not schedules:
        return When(None, None, bool(deployment["paused"]))
    schedule = schedules[0]["schedule"]
    if len(schedules) > 1 or not _is_ours_too(schedule):
        return None
    is_paused = deployment["paused"] or not schedules[0]["active"]
    return When(schedule["cron"], schedule.get("timezone") or "UTC", is_paused)


def _is_ours_too(schedule: dict[str, Any]) -> bool:
    """True for a cron expression that a source may have."""
    if "cron" not in schedule or schedule.get("day_or") is False:
        return False
    try:
        cron_of(schedule["cron"])
    except ValueError:
        return False
    return True


def written(deployment: dict[str, Any]) -> When | None:
    """As we last wrote it; None if we never did."""
    labels = deployment["labels"]
    if PAUSED not in labels:
        return None
    return When(labels.get(CRON) or None, labels.get(ZONE) or None, bool(labels[PAUSED]))


def labels(when: When) -> dict[str, str | bool]:
    """What the deployment has to remember."""
    return {CRON: when.cron or "", ZONE: when.timezone or "", PAUSED: when.is_paused}


def taken_over(row: Source, deployment: dict[str, Any], settings: Settings) -> list[str]:
    """Have ``row`` be as a person changed its deployment in Prefect; says what was changed."""
    here, there = of_row(row, settings), of_deployment(deployment)
    before = written(deployment) or here
    said: list[str] = []
    if there is None:
        return said
    if there[:2] != before[:2] and there[:2] != here[:2]:
        row.schedule = there.cron
        if there.timezone and (row.timezone or there.timezone != settings.timezone):
            row.timezone = there.timezone
        now, then = (one._replace(is_paused=False).words for one in (there, here))
        said.append(f"its schedule is {now} in Prefect, {then} here")
    if there.is_paused not in {before.is_paused, here.is_paused}:
        sources.pause(row, there.is_paused)
        said.append(f"it was {'paused' if there.is_paused else 'resumed'} in Prefect")
    return said
