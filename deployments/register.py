"""Tells a Prefect server what it needs to know: dead runs, pool, limits, automations, deployments.

Each part can be repeated at any time; what is there already is brought up to date.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import yaml
from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from deployments import declared, queueing, switched_schedules
from deployments.declared import FRAMES, GROUPS, MEDIA, MUSIC, PREFECT_YAML, PROJECT
from deployments.source_deployments import bring_together
from tasks.flow_runs import close_zombies, free_slots
from tasks.tags import NOTHING_TO_DO, PARTIAL, TAG, lane_tag
from utils.config import Settings, child_environment
from utils.errors import PermanentError
from utils.housekeeping import recovery
from utils.models.job import JobKind, Priority
from utils.models.queues import HIGH_MEMORY
from utils.models.steps import BY_NAME
from utils.processes.prefect_environment import prefect_api

_DEFAULT = "default"  # the queue that Prefect makes with a pool
JOBS_AGAIN = "Try a crashed job again"
ZOMBIES = "Crash zombie flow runs"
AGAIN = "Run a crashed night again"


def register(settings: Settings, only: Collection[str] = GROUPS) -> list[str]:
    """Register everything, or some groups; returns a line for each part, for people.

    Raises:
        PermanentError: a part was refused, with what the server or `prefect deploy` said.
    """
    with get_client(sync_client=True) as client:
        said = [
            _recover(settings),
            *work_queues(client, settings.work_pool),
            *(_limit(client, tag, limit) for tag, limit in limits(settings).items()),
        ]
    said.append(_zombie_automation())
    said.append(_deployments(settings, only))
    if MEDIA in only:
        said += [_again_automation(), _sources(settings)]
    if MEDIA in only and prefect_api(settings):
        said.append(switched_schedules.bring_together(switched_schedules.PUBLICATIONS, settings))
    if MUSIC in only and prefect_api(settings):
        said.append(switched_schedules.bring_together(switched_schedules.SPOTIFY, settings))
    if FRAMES in only:
        said.append(jobs_again_automation())
    if FRAMES in only and prefect_api(settings):
        again = queueing.revive(queueing.connected(settings))
        said.append(f"jobs scheduled again: {', '.join(again) or 'none'}")
    return said


def _sources(settings: Settings) -> str:
    """Each source's own deployment, after what was changed in Prefect is taken over."""
    told = bring_together(settings)
    done = (f"{one.source}: {one.found} ({one.done})" for one in told if one.done)
    return "; ".join(done) or "deployments of sources are there"


def _recover(settings: Settings) -> str:
    """Close the runs of processes that were killed together with the server.

    Until then they hold their deployment's only place: Prefect frees it after five minutes.
    """
    recovered = recovery.recover(settings)
    closed, freed = close_zombies(settings, recovered.runs), free_slots(settings)
    runs = f"runs marked as Crashed: {', '.join(closed) or 'none'}"
    return f"{runs}; slots freed: {', '.join(freed) or 'none'}"


def limits(settings: Settings) -> dict[str, int]:
    """Prefect's tag limits: the lanes of steps, as wide as the settings say."""
    lanes = settings.lanes.model_dump()
    used = sorted({step.lane for step in BY_NAME.values()})
    return {lane_tag(lane): lanes[lane] for lane in used}


def work_queues(client: SyncPrefectClient, pool: str) -> list[str]:
    """The work pool with its queues; returns a line for each.

    A worker of several begins with the first. Those that are made later would be served later:
    by Prefect's own order what somebody waits for came last, also at the worker of jobs.
    """
    limits = {
        Priority.INTERACTIVE: None,
        _DEFAULT: None,
        HIGH_MEMORY: 1,
        # One place of the jobs' worker: the other is for what somebody waits for.
        Priority.BACKGROUND: 1,
    }
    said = [_pool(client, pool)]
    for place, (name, limit) in enumerate(limits.items(), start=1):
        said.append(_queue(client, pool, name, limit, place))
    return said


def _pool(client: SyncPrefectClient, name: str) -> str:
    try:
        client.create_work_pool(WorkPoolCreate(name=name, type="process"))
    except ObjectAlreadyExists:
        return f"work pool {name} is there"
    return f"work pool {name} made"


def _queue(client: SyncPrefectClient, pool: str, name: str, limit: int | None, place: int) -> str:
    """A queue of the pool; ``default`` is there with the pool, and a person may limit it."""
    try:
        queue = client.create_work_queue(name=name, work_pool_name=pool)
    except ObjectAlreadyExists:
        queue = client.read_work_queue_by_name(name, work_pool_name=pool)
    given = {} if name == _DEFAULT else {"concurrency_limit": limit}
    client.update_work_queue(queue.id, priority=place, **given)
    return f"work queue {name}: {limit or 'as many as its worker has places for'} at once"


def _limit(client: SyncPrefectClient, tag: str, limit: int) -> str:
    client.create_concurrency_limit(tag=tag, concurrency_limit=limit)
    return f"tag limit {tag}: {limit}"


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
            match_related=_tagged(TAG),  # others use the server too
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
    return _upserted(automation)


def _again_automation() -> str:
    """A scheduled night that crashed is run once more: it goes on with what is left.

    The second run is not *auto-scheduled*, so a night that kills its process again and again is
    not run for ever.
    """
    with get_client(sync_client=True) as client:
        nightly = client.read_deployment_by_name("night-shift/nightly")
    automation = Automation(
        name=AGAIN,
        description="Once a scheduled night, from where it broke off.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Crashed"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=[
                ResourceSpecification(
                    {
                        "prefect.resource.role": ["deployment"],
                        "prefect.resource.id": [f"prefect.deployment.{nightly.id}"],
                    }
                ),
                _tagged("auto-scheduled"),
            ],
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[RunDeployment(deployment_id=nightly.id)],
    )
    return _upserted(automation)


def jobs_again_automation() -> str:
    """A job on demand whose process was killed is scheduled again, as the same flow run.

    Its flow counts its tries, and gives up itself (tasks/frames.py). A worker reports a death
    twice, 10 s apart: the second report would make a crash of the new try, so that it waits.
    """
    with get_client(sync_client=True) as client:
        ours = [client.read_deployment_by_name(f"{kind}/{kind}") for kind in JobKind]
    automation = Automation(
        name=JOBS_AGAIN,
        description="Frames of videos, as the same flow run; three times at most.",
        trigger=EventTrigger(
            after={"prefect.flow-run.Crashed"},
            expect={"prefect.flow-run.Running"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {
                    "prefect.resource.role": ["deployment"],
                    "prefect.resource.id": [f"prefect.deployment.{one.id}" for one in ours],
                }
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=20),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.SCHEDULED,
                name="AwaitingRetry",
                message="Its process was killed.",
                force=True,
            )
        ],
    )
    return _upserted(automation)


def _tagged(tag: str) -> ResourceSpecification:
    """Flow runs that carry a tag."""
    return ResourceSpecification(
        {"prefect.resource.role": ["tag"], "prefect.resource.id": [f"prefect.tag.{tag}"]}
    )


def _upserted(automation: Automation) -> str:
    """Make an automation, or bring the one of its name up to date."""
    try:
        known = cast(Automation, Automation.read(name=automation.name))
    except (ObjectNotFound, ValueError):
        automation.create()
        return f"automation made: {automation.name}"
    automation.id = known.id
    automation.update()
    return f"automation is there: {automation.name}"


def _deployments(settings: Settings, only: Collection[str]) -> str:
    """What is declared of some groups, by Prefect's own command."""
    with TemporaryDirectory(prefix="nightshift-deploy-") as folder:
        chosen = Path(folder) / PREFECT_YAML.name
        chosen.write_text(yaml.safe_dump(declared.of_groups(only)), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all",
             "--prefect-file", str(chosen)],
            cwd=PROJECT,
            env=child_environment(
                NIGHTSHIFT_TIMEZONE=settings.timezone, NIGHTSHIFT_WORK_POOL=settings.work_pool
            ),
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise PermanentError(f"`prefect deploy --all` failed:\n{done.stdout}{done.stderr}")
    named = "" if set(only) == set(GROUPS) else f" ({', '.join(sorted(only))})"
    return f"deployments registered{named}"
