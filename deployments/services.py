"""The servers of a self-hosted Night Shift, as data.

`nightshift up` starts them on one machine; docker-compose.yml describes the same for
production, and a test keeps the commands and the environment of both equal. Chroma is a server
for several machines alone: on one the index is embedded, and nobody else can ask it.

Secrets are in the environment, never in a command, which every user of the machine can read.
"""

from __future__ import annotations

from typing import NamedTuple

from utils.config import METRICS_PORT, PREFECT_PORT, PREFECT_RETENTION_DAYS
from utils.models.api import API_PORT
from utils.models.job import WORKER_NAME


class Service(NamedTuple):
    """One server: ``{host}``, ``{home}`` and such are filled in by whoever starts it."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    health: str | None = None


# What every process that talks to the server needs to know.
CLIENT = {
    "PREFECT_API_URL": "http://{prefect_host}:{prefect_port}/api",
    "PREFECT_API_AUTH_STRING": "{prefect_login}",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A run whose process was killed is found by its missing heartbeat (deployments/register.py).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # A server that restarts is back within 20 s (its database within 10): seven tries, doubling
    # from 2 s, span four minutes; without its database it answers 500.
    "PREFECT_CLIENT_MAX_RETRIES": "7",
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,502,504",
    "NIGHTSHIFT_HOME": "{home}",
}

PREFECT = Service(
    name="prefect-server",
    command=(
        *("python", "-P", "-m", "deployments.prefect_server"),
        *("--host", "{bind}", "--port", "{prefect_port}", "--name", "{prefect_host}"),
    ),
    environment={
        "PREFECT_HOME": "{home}/prefect-server",
        # Who knows it can have every worker run any command.
        "PREFECT_SERVER_API_AUTH_STRING": "{prefect_login}",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "{prefect_origin}",
        "PREFECT_API_DATABASE_CONNECTION_URL": "{prefect_database}",
        # Leases kept in memory are lost with the server, and their slots are never freed.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        # By itself its database only grows: flow runs are kept for ever, events for a week.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "{prefect_retention_seconds}",
        # Else the UI calls port 4200 whatever port the server has.
        "PREFECT_SERVER_UI_API_URL": "/api",
        # Else it unpacks its UI beside its code, which it may not be allowed to.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": "{home}/prefect-server/ui",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # Its own metrics, at /api/metrics (deployments/prometheus).
        "PREFECT_SERVER_METRICS_ENABLED": "true",
    },
    health="http://{prefect_host}:{prefect_port}/api/health",
)

# What replicas of one server share through Redis; alone, a server keeps it in its own memory or
# files (docs/replicas.md). `prefect-server` runs the services, the replicas API and UI alone.
THROUGH_REDIS = {
    "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
    "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
    "PREFECT_SERVER_DOCKET_URL": "{redis}",
    "PREFECT_REDIS_MESSAGING_URL": "{redis}",
    # A setting of its own: without it that queue alone is looked for on localhost.
    "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": "{redis}",
}
REPLICA = PREFECT._replace(
    name="prefect-replica",
    command=(*PREFECT.command, "--no-services"),
    environment={
        **PREFECT.environment,
        **THROUGH_REDIS,
        # `prefect-server` alone does: two that do so at once on an empty database end each other.
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    },
)

# Chroma asks for no password: it listens inside its container, before it stands a look at the
# token in NIGHTSHIFT_CHROMA_TOKEN.
CHROMA = Service(
    name="chroma",
    command=(
        *("python", "-P", "-m", "deployments.chroma_server", "--path", "{home}/chroma"),
        *("--host", "{bind}", "--port", "{chroma_port}", "--name", "{chroma_host}"),
    ),
    environment={
        "NIGHTSHIFT_CHROMA_TOKEN": "{chroma_token}",
        "ANONYMIZED_TELEMETRY": "false",
    },
    health="http://{chroma_host}:{chroma_port}/api/v2/heartbeat",
)

DEPLOY = Service(name="deploy", command=("nightshift", "deploy"), environment=CLIENT)

WORKER = Service(
    name="worker",
    command=(
        *("prefect", "worker", "start", "--pool", "{pool}"),
        *("--type", "process", "--limit", "{shifts}", "--with-healthcheck"),
    ),
    environment={
        **CLIENT,
        # A chunk waits for the next look at the queue (Prefect's default: 10 s).
        "PREFECT_WORKER_QUERY_SECONDS": "5",
        # A run that is cancelled before its process is up is ended too.
        "PREFECT_WORKER_ENABLE_CANCELLATION": "true",
        # The worker's health check; Prefect's default listens on every address.
        "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
        "PREFECT_WORKER_WEBSERVER_PORT": "{worker_port}",
    },
)

# Jobs on demand, beside the nights: somebody waits for the interactive ones, so that they have a
# worker of their own, of which the background may take one place (deployments/register.py).
JOBS = Service(
    name="worker-jobs",
    command=(
        *("prefect", "worker", "start", "--pool", "{pool}"),
        *("--type", "process", "--limit", "{jobs}", "--with-healthcheck"),
        *("--name", WORKER_NAME, "--work-queue", "interactive", "--work-queue", "background"),
    ),
    environment={
        **WORKER.environment,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_WORKER_WEBSERVER_PORT": "{jobs_port}",
    },
)

# For Prometheus; `up` starts it where NIGHTSHIFT_METRICS_PORT is set.
METRICS = Service(
    name="metrics",
    command=("nightshift", "metrics", "--bind", "{bind}", "--port", "{metrics_port}"),
    environment=CLIENT,
    health="http://{metrics_host}:{metrics_port}/metrics",
)

# Pages and HTTP API. Who asks needs a login or a token.
API = Service(
    name="api",
    command=(
        *("nightshift", "serve", "--host", "{bind}", "--port", "{api_port}"),
        *("--name", "{api_host}"),
    ),
    environment=CLIENT,
    health="http://{api_host}:{api_port}/api/v1/health",
)

SERVICES = (PREFECT, DEPLOY, WORKER, JOBS)

# A night and one of its chunks (or a run on demand beside it): with one place alone a night that
# dispatches chunks would wait for its own end.
SHIFTS = 2
JOBS_AT_ONCE = 2

DEFAULTS = {
    "prefect_port": str(PREFECT_PORT),
    "prefect_origin": f"http://127.0.0.1:{PREFECT_PORT}",
    "chroma_port": "8210",
    "worker_port": "8080",
    "jobs_port": "8081",
    "metrics_host": "127.0.0.1",
    "metrics_port": str(METRICS_PORT),
    "api_host": "127.0.0.1",
    "api_port": str(API_PORT),
    "shifts": str(SHIFTS),
    "jobs": str(JOBS_AT_ONCE),
    "prefect_retention_seconds": str(PREFECT_RETENTION_DAYS * 24 * 3600),
}


def filled(service: Service, values: dict[str, str]) -> Service:
    """The service with its places filled in."""
    values = DEFAULTS | values
    return Service(
        name=service.name,
        command=tuple(part.format_map(values) for part in service.command),
        environment={n: text.format_map(values) for n, text in service.environment.items()},
        health=service.health.format_map(values) if service.health else None,
    )
