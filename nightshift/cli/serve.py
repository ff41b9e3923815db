"""`nightshift serve`: the HTTP API."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from nightshift.cli.output import COLORS, console
from utils.models.api import API_PORT

_END_SECONDS = 10  # for what is being answered when the server is ended; uploads are resumed
# Longer than clients and proxies keep a connection that is idle: who closes it first loses no
# request that is on its way.
_IDLE_SECONDS = 75


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="0 for any that is free.")] = API_PORT,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A host name that it may be asked by; may be repeated."),
    ] = None,
) -> None:
    """Serve the HTTP API, until Ctrl-C: `/api/v1`, its OpenAPI document at `/api/v1/openapi.json`.

    Who asks needs a token: `nightshift token create`.
    """
    import uvicorn

    from nightshift.api.app import create_app
    from utils.config import load_settings
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home

    settings = load_settings()
    home.prepare(settings)
    prepare_prefect(settings, log_level="ERROR")
    app = create_app(settings, frozenset(name or ()), on_loopback=_is_loopback(host))
    console.print(f"[{COLORS['ok']}]•[/] http://{host}:{port}/api/v1", highlight=False)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", server_header=False,
        timeout_graceful_shutdown=_END_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
    )  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
