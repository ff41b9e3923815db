"""Logging in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.pages.rendering import page
from nightshift.pages.viewer import COOKIE, Reading, current
from utils.config import Settings
from utils.db import audit, login_sessions, tokens, users
from utils.db.login_sessions import Browser
from utils.db.session import session

router = APIRouter()

_SECONDS_A_DAY = 86_400
_Text = Annotated[str, Form(max_length=300)]


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:
    """Ask who it is."""
    return page(request, "login.html.j2", await current(request), next=next, problem=None)


@router.post("/login")
def log_in(
    request: Request,
    name: _Text = "",
    password: _Text = "",
    token: _Text = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Log somebody in by name and password, or by a token of the API."""
    settings: Settings = request.app.state.settings
    address = request.client.host if request.client else None
    browser = Browser(request.headers.get("user-agent"), address)
    with session() as s:
        who = tokens.recognised(s, token) if token else users.logged_in(s, name, password)
        if who is None:
            return page(request, "login.html.j2", None, status=403, next=next, problem="unknown")
        cookie = login_sessions.begin(s, who, browser, settings.pages.session_days)
        audit.note(s, audit.Actor(who.name, who.id, "pages", address), "login")
    answer = RedirectResponse(_ours(request, next), 303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(settings.pages.session_days * _SECONDS_A_DAY),
        path=request.scope.get("root_path", "") or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout")
def log_out(request: Request, viewer: Reading) -> Response:
    """Log this browser out."""
    if viewer.cookie:
        with session() as s:
            login_sessions.end(s, viewer.cookie)
    prefix = request.scope.get("root_path", "")
    answer = RedirectResponse(f"{prefix}/login", 303)
    answer.delete_cookie(COOKIE, path=prefix or "/")
    return answer


def _ours(request: Request, place: str) -> str:
    """A path of these pages; the start page instead of an address of strangers."""
    is_ours = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return f"{request.scope.get('root_path', '')}{place if is_ours else '/'}"
