"""Which workers serve the pool, for Prometheus: asked of Prefect's server, without Prefect.

Importing Prefect would cost the exporter 1.4–3 s and 100 MB for two numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from deployments import csrf
from utils.models.job import WORKER_NAME
from utils.observability.families import gauge, gauges
from utils.processes.prefect_environment import PrefectApi

_TIMEOUT_SECONDS = 3.0  # Prometheus waits 10 s for all metrics
_CLIENT = "nightshift-metrics"


class Presence(Collector):
    """The workers of a pool that Prefect's server counts as online."""

    def __init__(self, api: PrefectApi, pool: str) -> None:
        self._api, self._pool = api, pool

    def collect(self) -> Iterator[Metric]:
        """Whether the server answers, and how many workers its pool has."""
        online = self._online()
        yield gauge("prefect_up", "1 if Prefect's server answered.", online is not None)
        rows = [] if online is None else [((self._pool,), online)]
        yield gauges("workers_online", "Workers that poll the pool.", ("pool",), rows)

    def _online(self) -> int | None:
        """Workers of nights with a heartbeat; None if the server did not say."""
        auth = self._api.auth.get_secret_value() if self._api.auth else None
        user, _, password = (auth or "").partition(":")
        try:
            with httpx.Client(
                auth=(user, password) if auth else None, timeout=_TIMEOUT_SECONDS
            ) as client:
                answer = client.post(
                    f"{self._api.url}/work_pools/{self._pool}/workers/filter",
                    json={"workers": {"status": {"any_": ["ONLINE"]}}},
                    headers=csrf.headers(client, self._api.url, _CLIENT),
                )
            if answer.status_code == httpx.codes.NOT_FOUND:  # no such pool: nobody serves it
                return 0
            found = answer.raise_for_status().json()
            return len([worker for worker in found if worker.get("name") != WORKER_NAME])
        except (httpx.HTTPError, ValueError):
            return None
