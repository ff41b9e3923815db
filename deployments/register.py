"""Tells a Prefect server what it needs to know: pool, tag limits, automation, deployments.

Each part can be repeated at any time; what is there already is brought up to date.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import cast

from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from flows.batch import NOTHING_TO_DO, PARTIAL
from utils.config import Settings, child_environment
from utils.errors import PermanentError
from utils.pipeline import BY_NAME

PROJECT = Path(__file__).parent.parent
ZOMBIES = "Crash zombie flow runs"


def register(settings: Settings) -> list[str]:
    """Register everything; returns a line for each part, for people.

    Raises:
        PermanentError: a part was refused, with what the server or `prefect deploy` said.
    """
    with get_client(sync_client=True) as client:
        said = [
            _pool(client, settings.work_pool),
            *(_limit(client, lane, limit) for lane, limit in limits(settings).items()),
        ]
    said.append(_zombie_automation())
    said.append(_deployments(settings))
    return said


def limits(settings: Settings) -> dict[str, int]:
    """Prefect's tag limits: the lanes that steps carry as tags, as wide as the settings say."""
    lanes = settings.lanes.model_dump()
    return {lane: lanes[lane] for lane in sorted({step.lane for step in BY_NAME.values()})}


def _pool(client: SyncPrefectClient, name: str) -> str:
    try:
        client.create_work_pool(WorkPoolCreate(name=name, type="process"))
    except ObjectAlreadyExists:
        return f"work pool {name} is there"
    return f"work pool {name} made"


def _limit(client: SyncPrefectClient, lane: str, limit: int) -> str:
    client.create_concurrency_limit(tag=lane, concurrency_limit=limit)
    return f"tag limit {lane}: {limit}"


def _zombie_automation() -> str:
    """A flow run whose heartbeat stops without an end is marked Crashed.

    Prefect names an event after the state's *name*: a state of ours that is missing here
    would get finished runs marked as crashed.
    """
    automation = Automation(
        name=ZOMBIES,
        description="Marks runs whose process was killed.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={
                f"prefect.flow-run.{name}"
                for name in (
                    *("heartbeat", "Completed", "Failed", "Cancelled", "Crashed"),
                    *(PARTIAL, NOTHING_TO_DO),
                )
            },
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=90),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, message="No heartbeat: its process was killed."
            )
        ],
    )
    try:
        known = cast(Automation, Automation.read(name=ZOMBIES))
    except (ObjectNotFound, ValueError):
        automation.create()
        return "zombie automation made"
    automation.id = known.id
    automation.update()
    return "zombie automation is there"


def _deployments(settings: Settings) -> str:
    """Everything in prefect.yaml, by Prefect's own command."""
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=PROJECT,
        env=child_environment(
            NIGHTSHIFT_TIMEZONE=settings.timezone, NIGHTSHIFT_WORK_POOL=settings.work_pool
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PermanentError(f"`prefect deploy --all` failed:\n{done.stdout}{done.stderr}")
    return "deployments of prefect.yaml registered"
