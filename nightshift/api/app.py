"""The HTTP API as an application: its routes, its errors, who may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from anyio import to_thread
from fastapi import FastAPI

from deployments.own_name import ByOwnName
from nightshift.api import (
    corrections,
    duplicates,
    events,
    failures,
    files,
    health,
    items,
    jobs,
    lineage,
    music,
    openapi,
    problems,
    publications,
    review,
    runs,
    search,
    shifts,
    sources,
    uploads,
)
from nightshift.api.access import RecentTokens
from nightshift.api.audited import Audited
from nightshift.api.guards import Guards
from nightshift.api.idempotency import Idempotent
from nightshift.api.proxies import BehindProxy
from utils.config import Settings
from utils.models.api import PREFIX

# At once: more would wait for each other, and for one of the 15 connections of the database.
THREADS = 14


@asynccontextmanager
async def _few_threads(_app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


def create_app(
    settings: Settings, names: frozenset[str] = frozenset(), *, on_loopback: bool = True
) -> FastAPI:
    """The application.

    Args:
        settings: What it works with.
        names: The host names, besides those of this machine, that it may be asked by.
        on_loopback: It listens on this machine alone: what is open without a token may be.
    """
    app = FastAPI(
        title="Night Shift",
        version=version("nightshift"),
        summary="A factory for media that works while you sleep.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page would load scripts from strangers
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_few_threads,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.settings, app.state.on_loopback = settings, on_loopback
    app.state.known = RecentTokens()
    for module in (
        health,
        items,
        sources,
        corrections,
        failures,
        search,
        runs,
        shifts,
        duplicates,
        files,
        events,
        uploads,
        jobs,
        lineage,
        music,
        publications,
        review,
    ):  # fmt: skip
        app.include_router(module.router, prefix=PREFIX)
    problems.add_to(app)
    openapi.add_to(app)
    # The last is the first that a request meets.
    app.add_middleware(Audited)
    app.add_middleware(Idempotent)
    app.add_middleware(ByOwnName, names=names | set(settings.api.names))
    app.add_middleware(Guards, settings=settings.api, known=app.state.known)
    app.add_middleware(BehindProxy, settings=settings.pages)
    return app
