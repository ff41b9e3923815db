"""`nightshift serve`: the HTTP API."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from nightshift.cli.output import COLORS, console
from utils.models.api import API_PORT


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
    flows: Annotated[
        bool, typer.Option("--flows", help="Serve the flows in its stead: jobs, without a pool.")
    ] = False,
) -> None:
    """Serve the HTTP API, until Ctrl-C: `/api/v1`, its OpenAPI document at `/api/v1/openapi.json`.

    Who asks needs a token: `nightshift token create`. With --flows: one process that does what
    is queued at the Prefect server, for machines too small for `nightshift up`.
    """
    if flows:
        _serve_flows()
        return
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
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)


def _serve_flows() -> None:
    from deployments.queueing import NO_SERVER
    from utils.config import load_settings
    from utils.errors import SettingsError
    from utils.processes.prefect_environment import is_served, prepare_prefect
    from utils.storage import home

    settings = load_settings()
    if not is_served(settings):
        raise SettingsError(NO_SERVER)
    home.prepare(settings)
    prepare_prefect(settings)
    from deployments.serving import serve_flows

    def say(line: str) -> None:
        console.print(f"[{COLORS['ok']}]•[/] {line}", highlight=False, soft_wrap=True)

    serve_flows(settings, say)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
