"""`nightshift serve`: the pages and the HTTP API."""

from __future__ import annotations

import ipaddress
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from nightshift.cli.output import COLORS, console, print_warning
from utils.errors import NightShiftError
from utils.models.api import API_PORT

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from utils.config import Settings

_ARENA_MAX = -8  # of malloc.h
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
    number: Annotated[
        int | None,
        typer.Option("--processes", min=1, max=16, help="\\[default: 2; on one core 1]"),
    ] = None,
    document: Annotated[
        bool, typer.Option("--openapi", help="Print its OpenAPI document, and serve nothing.")
    ] = False,
    flows: Annotated[
        bool, typer.Option("--flows", help="Serve the flows in its stead: jobs, without a pool.")
    ] = False,
) -> None:
    """Serve the pages, and the HTTP API at `/api/v1`, until Ctrl-C.

    People log in (`nightshift user`); programs need a token (`nightshift token create`). The
    API's OpenAPI document is `/api/v1/openapi.json`. It speaks plain HTTP: off this machine put
    something that speaks TLS before it, and name it with --name. With --flows: one process that
    does what is queued at the Prefect server, for machines too small for `nightshift up`.
    """
    if flows:
        _serve_flows()
        return
    from nightshift.pages.app import create_app
    from utils.config import load_settings

    settings = load_settings()
    app = create_app(settings, frozenset(name or ()), on_loopback=_is_loopback(host))
    if document:
        print(json.dumps(app.openapi(), indent=2))
        return
    if not _is_loopback(host):
        print_warning(
            "passwords, tokens and answers go over the network in plain text: put a proxy with TLS "
            "before it (docs/operating.md)"
        )
    _prepare(settings)
    import uvicorn

    from nightshift.api import processes

    listeners = processes.listening(host, port)
    port = listeners[0].getsockname()[1]
    _say_where(settings, host, port)
    number = number or settings.api.processes or processes.default_number()
    if number > 1:
        _load(settings)
        processes.serve(lambda: _configured(app, settings), number, listeners)
    else:
        with suppress(KeyboardInterrupt):  # as people end it
            uvicorn.Server(_configured(app, settings)).run(sockets=listeners)


def _say_where(settings: Settings, host: str, port: int) -> None:
    """What a person opens; where it listens on every address, at this machine's own."""
    from deployments import pages_address

    is_any = host in {"0.0.0.0", "::", ""}
    shown = "127.0.0.1" if is_any else f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}"
    place = pages_address.told(settings, base, to_person=sys.stdout.isatty())
    for line in (place, f"HTTP API: {base}{settings.pages.path_prefix}/api/v1"):
        console.print(f"[{COLORS['ok']}]•[/] {escape(line)}", highlight=False, soft_wrap=True)


def _prepare(settings: Settings) -> None:
    """Make sure that the database answers; say what libraries ask the environment for."""
    from utils.config import compute_on_one_core
    from utils.db.session import require_answer
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home

    _keep_few_heaps()
    # With a thread a core, a question's vector took 120 ms where others compute, 23 ms with one.
    compute_on_one_core()
    home.prepare(settings)
    prepare_prefect(settings, log_level="ERROR")
    require_answer()


def _load(settings: Settings) -> None:
    """Load what the processes share, and close what they may not."""
    import chromadb  # noqa: F401

    from utils.db.session import engine
    from utils.search import embedder

    with suppress(NightShiftError):  # the first question says what is wrong with it
        embedder.load()
    engine(settings).dispose()


def _configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """What a process serves; what the first question would wait for is loaded meanwhile."""
    import threading

    import uvicorn

    from nightshift.api import search

    threading.Thread(target=search.warm_up, args=(settings,), name="search", daemon=True).start()
    return uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # ours are believed of named proxies alone (nightshift/api/proxies.py)
        timeout_graceful_shutdown=_END_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
    )


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


def _keep_few_heaps() -> None:
    """Have threads share two heaps: each of its own keeps what was freed (glibc alone knows)."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)
