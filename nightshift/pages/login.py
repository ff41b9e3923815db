"""Logging in and out."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.api import csrf
from nightshift.api.logins import address_of
from nightshift.pages.login_limits import WAIT_SECONDS, LoginLimits
from nightshift.pages.rendering import page, prefix_of
from nightshift.pages.viewer import COOKIE, ForbiddenError, Reading, current
from utils.config import Settings
from utils.db import audit, login_sessions, tokens, users
from utils.db.login_sessions import Browser
from utils.db.session import session

router = APIRouter()

_SECONDS_A_DAY = 86_400
_UNKNOWN = "?"  # in the audit log: who mistakes the fields types a password as a name
Text = Annotated[str, Form(max_length=300)]
Place = Annotated[str, Form(max_length=2000)]


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:
    """Ask who it is; whoever is logged in goes on."""
    viewer = await current(request)
    if viewer is not None and viewer.key is not None:
        return RedirectResponse(ours(request, next), 303)
    if request.state.is_refused:
        raise ForbiddenError
    return await to_thread.run_sync(_asked, request, next)


@router.post("/login")
async def log_in(
    request: Request, name: Text = "", password: Text = "", token: Text = "", next: Place = "/"
) -> Response:
    """Log somebody in by name and password, or by a token of the API."""
    if not csrf.is_of_our_page(request.headers):
        raise ForbiddenError
    limits: LoginLimits = request.app.state.login_limits
    address = address_of(request)
    if not await limits.may(address, name):
        answer = await to_thread.run_sync(_asked, request, next, "often", 429)
        answer.headers["retry-after"] = str(WAIT_SECONDS)
        return answer
    cookie = await to_thread.run_sync(_begun, request, name, password, token)
    if cookie is None:
        return await to_thread.run_sync(_asked, request, next, "unknown", 403)
    await limits.succeeded(address, name)
    return with_cookie(request, RedirectResponse(ours(request, next), 303), cookie)


@router.post("/logout")
def log_out(request: Request, viewer: Reading) -> Response:
    """Log this browser out."""
    request.state.audit = ("logout", None, None)
    if viewer.cookie:
        with session() as s:
            login_sessions.end(s, viewer.cookie)
    prefix = prefix_of(request)
    answer = RedirectResponse(f"{prefix}/login", 303)
    answer.delete_cookie(COOKIE, path=prefix or "/", httponly=True, samesite="strict")
    return answer


def with_cookie(request: Request, answer: Response, cookie: str) -> Response:
    """An answer that gives the cookie of a login."""
    settings: Settings = request.app.state.settings
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(settings.pages.session_days * _SECONDS_A_DAY),
        path=prefix_of(request) or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


def browser_of(request: Request) -> Browser:
    """Where a login comes from."""
    return Browser(request.headers.get("user-agent"), address_of(request) or None)


def ours(request: Request, place: str) -> str:
    """A path of these pages; the start page instead of an address of strangers."""
    is_ours = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return f"{prefix_of(request)}{place if is_ours else '/'}"


def _asked(request: Request, next: str, problem: str | None = None, status: int = 200) -> Response:
    with session() as s:
        is_new = users.count(s) == 0
    return page(
        request, "login.html.j2", None, status=status, next=next, problem=problem, is_new=is_new
    )


def _begun(request: Request, name: str, password: str, token: str) -> str | None:
    """The cookie of a new login; None where name and password, or the token, are not right."""
    settings: Settings = request.app.state.settings
    browser = browser_of(request)
    with session() as s:
        who = tokens.recognised(s, token) if token else users.logged_in(s, name, password)
        if who is None:
            known = None if token else users.find(s, name)
            actor = audit.Actor(known.name if known else _UNKNOWN, known.id if known else None,
                                "pages", browser.address)  # fmt: skip
            audit.note(s, actor, "login.failed")
            return None
        if old := request.cookies.get(COOKIE):
            login_sessions.end(s, old)
        audit.note(s, audit.Actor(who.name, who.id, "pages", browser.address), "login")
        return login_sessions.begin(s, who, browser, settings.pages.session_days)
