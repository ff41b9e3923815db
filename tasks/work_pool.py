"""Whether the work pool can take chunks: asked before anything is dispatched."""

from __future__ import annotations

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import WorkerStatus
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from tasks.flow_runs import PAGE, pages
from utils import clock
from utils.config import Settings
from utils.errors import SettingsError
from utils.models.job import WORKER_NAME
from utils.models.queues import DEFAULT, HIGH_MEMORY

# A worker that has just been started is known to the server within 10 s (measured on 2 cores:
# 6 s); one that restarts gets the same.
_WAIT_SECONDS = 30
_LOOK_SECONDS = 2


def workers_online(client: SyncPrefectClient, settings: Settings) -> int:
    """How many workers serve the pool; waits a little for the first.

    Raises:
        SettingsError: no server, no pool, no deployment of chunks, or nobody who takes them.
    """
    name = settings.work_pool
    if PREFECT_API_URL.value() is None:
        raise SettingsError(
            'dispatch="workers" needs a Prefect server that workers reach: `nightshift up` starts '
            "one, or set NIGHTSHIFT_PREFECT_API_URL."
        )
    try:
        pool = client.read_work_pool(name)
        for queue in (DEFAULT, HIGH_MEMORY):
            client.read_deployment_by_name(f"shift/{queue}")
    except ObjectNotFound as error:
        raise SettingsError(
            f"The server has no work pool {name} with the deployments shift/{DEFAULT} and "
            f"shift/{HIGH_MEMORY}. `nightshift deploy` registers them, then start "
            f"`prefect worker start --pool {name}`."
        ) from error
    if pool.is_paused:
        raise SettingsError(
            f"The work pool {name} is paused: `prefect work-pool resume {name}` lets it go on."
        )
    end = clock.monotonic() + _WAIT_SECONDS
    while not (online := _count(client, name)):
        if clock.monotonic() > end:
            raise SettingsError(
                f"No worker of the work pool {name} is online. Start one, here or on any machine: "
                f"`prefect worker start --pool {name} --type process --limit 2`."
            )
        clock.wait(_LOOK_SECONDS)
    return online


def _count(client: SyncPrefectClient, name: str) -> int:
    workers = pages(
        lambda offset: client.read_workers_for_work_pool(name, limit=PAGE, offset=offset)
    )
    return sum(w.status is WorkerStatus.ONLINE and w.name != WORKER_NAME for w in workers)
