"""The pages as an application, beside the HTTP API and in its process."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from nightshift.api.app import create_app as create_api
from nightshift.pages import (
    account,
    audit,
    costs,
    doctor,
    item,
    item_facts,
    item_sound,
    item_speakers,
    item_words,
    library,
    library_actions,
    login,
    manifest,
    music,
    music_answers,
    near_duplicates,
    people,
    pictures,
    review,
    runs,
    search,
    setup,
    shift,
    sources,
    today,
    upload,
    views,
)
from nightshift.pages import settings as settings_page
from nightshift.pages.headers import PageHeaders
from nightshift.pages.login_limits import LoginLimits
from nightshift.pages.rendering import STATIC, is_part, page, prefix_of
from nightshift.pages.viewer import ForbiddenError, LoginNeededError, current
from utils.config import Settings
from utils.errors import NightShiftError, RetryableError, UsageError

_LEAST_COMPRESSED = 1024  # bytes; below that it costs more than it saves


def create_app(
    settings: Settings, names: frozenset[str] = frozenset(), *, on_loopback: bool = True
) -> FastAPI:
    """The API and the pages; arguments as the API's own (nightshift/api/app.py)."""
    app = create_api(settings, names, on_loopback=on_loopback)
    app.router.routes.append(_BesideApi("", app=_pages(settings, on_loopback)))
    return app


class _BesideApi(Mount):
    """All addresses but the API's: what is wrong there is told as the API tells it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether an address is one of a page."""
        if get_route_path(scope).startswith("/api/"):
            return Match.NONE, {}
        return super().matches(scope)


def _pages(settings: Settings, on_loopback: bool) -> FastAPI:
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    made.state.settings, made.state.on_loopback = settings, on_loopback
    made.state.login_limits = LoginLimits(settings.pages.logins_per_minute)
    for module in (
        account,
        audit,
        costs,
        doctor,
        item_facts,
        item_sound,
        item_speakers,
        item_words,
        item,
        library,
        library_actions,
        login,
        manifest,
        music,
        music_answers,
        near_duplicates,
        people,
        pictures,
        review,
        runs,
        search,
        settings_page,
        setup,
        shift,
        sources,
        today,
        upload,
        views,
    ):
        made.include_router(module.router)
    made.mount("/static", _Static(directory=STATIC))
    made.add_exception_handler(LoginNeededError, _to_login)
    made.add_exception_handler(ForbiddenError, _forbidden)
    made.add_exception_handler(NightShiftError, _failed)
    made.add_exception_handler(HTTPException, _refused)
    made.add_exception_handler(RequestValidationError, _not_understood)
    made.add_middleware(GZipMiddleware, minimum_size=_LEAST_COMPRESSED, compresslevel=5)
    made.add_middleware(PageHeaders)
    return made


class _Static(StaticFiles):
    """Files of ours; what is asked for by its checksum (`?v=`) never changes."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Any, *more: Any) -> Response:
        """The file, and how long it may be kept."""
        found = super().file_response(full_path, stat_result, scope, *more)
        named = scope["query_string"].startswith(b"v=")
        found.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if named else "no-cache"
        )
        return found


async def _to_login(request: Request, _error: Exception) -> Response:
    prefix = prefix_of(request)
    asked = request.url.path.removeprefix(prefix) + (
        f"?{request.url.query}" if request.url.query else ""
    )
    target = f"{prefix}/login?next={quote(asked if request.method == 'GET' else '/', safe='')}"
    if is_part(request):
        return Response(status_code=401, headers={"HX-Redirect": target})
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A link in a mail or a chat: the browser kept the strict cookie back, and sends it if our
        # own page leads on. Who is logged in goes from there to what was asked for.
        return page(request, "arrived.html.j2", None, target=target)
    return RedirectResponse(target, 303)


async def _forbidden(request: Request, _error: Exception) -> Response:
    return await _problem(request, 403, None)


async def _failed(request: Request, error: Exception) -> Response:
    status = (
        404 if isinstance(error, UsageError) else 503 if isinstance(error, RetryableError) else 422
    )
    return await _problem(request, status, str(error))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _problem(request, error.status_code, None)


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [
        f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in error.errors()
    ]
    return await _problem(request, 422, "; ".join(wrong))


async def _problem(request: Request, status: int, detail: str | None) -> Response:
    """An error as a page; as a message in the corner where htmx asked for a part."""
    template = "problem_part.html.j2" if is_part(request) else "problem.html.j2"
    return page(
        request, template, await current(request), status=status, code=status, detail=detail
    )
