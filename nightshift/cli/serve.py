"""`nightshift serve`: the HTTP API."""

from __future__ import annotations

import ipaddress
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import COLORS, console, print_warning
from utils.models.api import API_PORT

if TYPE_CHECKING:
    from utils.config import Settings

_ARENA_MAX = -8  # of malloc.h


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
    document: Annotated[
        bool, typer.Option("--openapi", help="Print its OpenAPI document, and serve nothing.")
    ] = False,
) -> None:
    """Serve the HTTP API, until Ctrl-C: `/api/v1`, its OpenAPI document at `/api/v1/openapi.json`.

    Who asks needs a token: `nightshift token create`. It speaks plain HTTP: off this machine put
    something that speaks TLS before it, and name it with --name.
    """
    from nightshift.api.app import create_app
    from utils.config import load_settings

    settings = load_settings()
    app = create_app(settings, frozenset(name or ()), on_loopback=_is_loopback(host))
    if document:
        print(json.dumps(app.openapi(), indent=2))
        return
    if not _is_loopback(host):
        print_warning(
            "tokens and answers go over the network in plain text: put a proxy that speaks TLS "
            "before it (docs/operating.md)"
        )
    _prepare(settings)
    console.print(f"[{COLORS['ok']}]•[/] http://{host}:{port}/api/v1", highlight=False)
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)


def _prepare(settings: Settings) -> None:
    """Make sure that the database answers; load what the first question would wait for."""
    import threading

    from nightshift.api import search
    from utils.db.session import require_answer
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home

    _keep_few_heaps()
    home.prepare(settings)
    prepare_prefect(settings, log_level="ERROR")
    require_answer()
    threading.Thread(target=search.warm_up, args=(settings,), name="search", daemon=True).start()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _keep_few_heaps() -> None:
    """Have threads share two heaps: each of its own keeps what was freed (glibc alone knows)."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)
