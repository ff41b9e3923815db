"""Errors over HTTP: problem+json (RFC 9457), for our own errors and for those of FastAPI."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi_problem.error import Problem
from fastapi_problem.handler import add_exception_handler, new_exception_handler
from starlette.requests import Request

from utils.errors import (
    NightShiftError,
    PermanentError,
    ResourceError,
    RetryableError,
    SettingsError,
    ThrottledError,
    UsageError,
)

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
    return Problem(title=title, status=status, detail=detail, headers=named or None)


def of_error(error: NightShiftError) -> Problem:
    """One of our errors as an answer; it says what to do already."""
    status = next(code for kind, code in _STATUS if isinstance(error, kind))
    headers = {}
    if status in {429, 503}:
        wanted = getattr(error, "retry_after_seconds", None)
        headers["Retry_After"] = str(int(wanted or RETRY_SECONDS))
    return problem(status, type(error).__name__.removesuffix("Error"), str(error), **headers)


def add_to(app: FastAPI) -> None:
    """Have every error of the application be answered so."""
    handler = new_exception_handler(handlers={NightShiftError: _ours})
    add_exception_handler(app, handler)
    app.add_exception_handler(NightShiftError, handler)


def _ours(_handler: object, _request: Request, error: NightShiftError) -> Problem:
    return of_error(error)
