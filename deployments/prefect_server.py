"""Prefect's server, as `prefect server start` runs it, behind a look at Host and Origin.

    python -P -m deployments.prefect_server --host 127.0.0.1 --port 4200 --name prefect.example.org

Its password and all else it reads from the PREFECT_ variables (deployments/services.py).
"""

from __future__ import annotations

import argparse

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from deployments.own_name import ByOwnName


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=4200)
    parser.add_argument("--name", action="append", default=[], help="it goes by this name too")
    asked = parser.parse_args()
    server = get_current_settings().server
    uvicorn.run(
        # Around it and not in it: the server calls itself by a name of its own.
        ByOwnName(create_app(final=True), set(asked.name)),
        host=asked.host,
        port=asked.port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )


if __name__ == "__main__":
    main()
