"""Errors over HTTP: problem+json (RFC 9457), for our own errors and for those of FastAPI."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem
from fastapi_problem.handler import add_exception_handler, new_exception_handler
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import compile_path

from utils.errors import (
    NightShiftError,
    PermanentError,
    ResourceError,
    RetryableError,
    SettingsError,
    ThrottledError,
    UsageError,
)
from utils.privacy import redaction

MEDIA_TYPE = "application/problem+json"
SECURITY = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}

# What an error of ours is over HTTP; of several classes the first that fits.
_STATUS = (
    (UsageError, 404),
    (ThrottledError, 429),
    (RetryableError, 503),
    (ResourceError, 507),
    (SettingsError, 500),
    (PermanentError, 422),
    (NightShiftError, 500),
)
RETRY_SECONDS = 5  # for what is tried again; chosen


def problem(status: int, title: str, detail: str | None = None, **headers: str) -> Problem:
    """An answer that is no success: ``detail`` says what is wrong and what to do."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return _made(status, title, detail, named)


def _made(status: int, title: str, detail: str | None, headers: Mapping[str, str]) -> Problem:
    return Problem(
        title=title, type_="about:blank", status=status, detail=detail, headers={**headers} or None
    )


def in_work() -> Problem:
    """What is asked of an item that a run has."""
    return problem(409, "Conflict", "A run is working on the item. Wait until it is through.")


def answer(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The same for what stands before the application, where nothing is raised."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(document, status, {**(headers or {})}, media_type=MEDIA_TYPE)


def of_error(error: NightShiftError) -> Problem:
    """One of our errors as an answer; it says what to do already."""
    status = next(code for kind, code in _STATUS if isinstance(error, kind))
    headers = {}
    if status in {429, 503}:
        wanted = getattr(error, "retry_after_seconds", None)
        headers["Retry_After"] = str(int(wanted or RETRY_SECONDS))
    return problem(status, HTTPStatus(status).phrase, redaction.shown(str(error)), **headers)


def add_to(app: FastAPI) -> None:
    """Have every error of the application be answered so."""
    handler = new_exception_handler(
        handlers={NightShiftError: _ours},
        http_exception_handler=_of_framework,
        request_validation_handler=_invalid,
    )
    handler.handlers[Exception] = _bug  # the last: of what fits none of the others
    add_exception_handler(app, handler, generic_swagger_defaults=False)
    app.add_exception_handler(NightShiftError, handler)


def _ours(_handler: object, _request: Request, error: NightShiftError) -> Problem:
    return of_error(error)


def _bug(_handler: object, _request: Request, _error: Exception) -> Problem:
    """A fault of ours, of which nobody outside is told more; the log has it."""
    said = "This is a fault of Night Shift: see the server's log."
    return _made(500, "Internal Server Error", said, SECURITY)  # sent from outside of the guards


def _of_framework(_handler: object, request: Request, error: HTTPException) -> Problem:
    title, headers = HTTPStatus(error.status_code).phrase, dict(error.headers or {})
    if error.status_code == 405 and (methods := _methods(request)):
        headers["Allow"] = ", ".join(methods)
    detail = None if error.detail == title else str(error.detail)
    return _made(error.status_code, title, detail, headers)


def _methods(request: Request) -> list[str]:
    """What may be asked of a path; the framework names those of the first of its routes alone."""
    templates: dict[str, dict[str, object]] = request.app.openapi()["paths"]
    return sorted(
        {
            method.upper()
            for template, methods in templates.items()
            if compile_path(template)[0].match(get_route_path(request.scope))
            for method in methods
        }
    )


def _invalid(_handler: object, _request: Request, error: RequestValidationError) -> Problem:
    """What is wrong where; what was given is not repeated, it may be secret, and long."""
    faults = [
        {"where": ".".join(map(str, fault["loc"]))[:200], "what": fault["msg"][:500]}
        for fault in error.errors()[:20]
    ]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)[:2000]
    return Problem(
        title="Invalid request", type_="about:blank", status=422, detail=detail, errors=faults
    )
