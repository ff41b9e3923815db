"""Prefect's server, as `prefect server start` runs it, behind a look at Host and Origin.

    python -P -m deployments.prefect_server --host 127.0.0.1 --port 4200 --name prefect.example.org

Its password and all else it reads from the PREFECT_ variables (deployments/services.py). With
``--no-services`` it is one of several replicas, which share what they know through Redis.
"""

from __future__ import annotations

import argparse

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings
from prefect.settings.models.server.root import ServerSettings

from deployments.own_name import ByOwnName

_SHARED = ("prefect_redis.", "redis://", "rediss://", "redis+sentinel://")


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=4200)
    parser.add_argument("--name", action="append", default=[], help="it goes by this name too")
    parser.add_argument("--no-services", action="store_true", help="a replica: API and UI alone")
    asked = parser.parse_args()
    server = get_current_settings().server
    if asked.no_services and (alone := kept_to_itself(server)):
        parser.error(
            f"a replica shares all through Redis, but {', '.join(alone)} would be its own "
            "(docs/replicas.md)"
        )
    uvicorn.run(
        # Around it and not in it: the server calls itself by a name of its own.
        ByOwnName(create_app(final=True, webserver_only=asked.no_services), set(asked.name)),
        host=asked.host,
        port=asked.port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )


def kept_to_itself(server: ServerSettings) -> list[str]:
    """The settings by which a server keeps to itself what its replicas must know too."""
    known = {
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": server.events.messaging_broker,
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": server.events.messaging_cache,
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": server.events.causal_ordering,
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": server.concurrency.lease_storage,
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": (
            server.worker_channel.cleanup_queue_storage
        ),
        "PREFECT_SERVER_DOCKET_URL": server.docket.url,
    }
    return [name for name, value in known.items() if not value.startswith(_SHARED)]


if __name__ == "__main__":
    main()
