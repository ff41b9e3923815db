"""The HTTP API as an application: its routes, its errors, who may ask."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from deployments.own_name import ByOwnName
from nightshift.api import health, items, lineage, problems
from utils.config import Settings

PREFIX = "/api/v1"


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
    )
    app.state.settings, app.state.on_loopback = settings, on_loopback
    problems.add_to(app)
    app.add_middleware(ByOwnName, names=names)
    for module in (
        health,
        items,
        lineage,
    ):  # fmt: skip
        app.include_router(module.router, prefix=PREFIX)
    return app
