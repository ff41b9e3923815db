"""The first user: made by whoever started the server, with the code that it said."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.api import csrf
from nightshift.pages import passwords
from nightshift.pages.login import Text, browser_of, with_cookie
from nightshift.pages.rendering import page, prefix_of
from nightshift.pages.viewer import ForbiddenError
from utils.config import Settings
from utils.db import audit, login_sessions, users
from utils.db.login_sessions import Browser
from utils.db.session import session
from utils.errors import UsageError
from utils.models.page_settings import Role
from utils.storage import setup_codes

router = APIRouter()


@router.get("/setup")
def show_setup(request: Request, code: str = "") -> Response:
    """Ask for the first user's name and password."""
    return _asked(request, code, "", None)


@router.post("/setup")
def set_up(
    request: Request, code: Text = "", name: Text = "", password: Text = "", again: Text = ""
) -> Response:
    """Make the first user, an admin, and log them in."""
    if not csrf.is_of_our_page(request.headers):
        raise ForbiddenError
    settings: Settings = request.app.state.settings
    browser = browser_of(request)
    with session() as s:
        wrong = passwords.fault_of_name(s, name) or passwords.fault_of(password, again)
        is_open = _is_open(settings, users.count(s), code)
    if wrong or not is_open:
        return _asked(request, code, name, wrong)
    try:
        cookie = _begun(settings, browser, name, password)
    except UsageError:  # somebody was quicker
        return RedirectResponse(f"{prefix_of(request)}/login", 303)
    setup_codes.forget(settings.setup_file)
    return with_cookie(request, RedirectResponse(f"{prefix_of(request)}/", 303), cookie)


def _begun(settings: Settings, browser: Browser, name: str, password: str) -> str:
    """The cookie of the first user's login.

    Raises:
        UsageError: there is one already.
    """
    with session() as s:
        made = users.create_first(s, name, password)
        actor = audit.Actor(made.name, made.id, "pages", browser.address)
        audit.note(s, actor, "user.create", made.name, {"role": Role.ADMIN.value})
        return login_sessions.begin(s, made, browser, settings.pages.session_days)


def _asked(request: Request, code: str, name: str, wrong: str | None) -> Response:
    settings: Settings = request.app.state.settings
    with session() as s:
        there_are = users.count(s)
    if there_are:
        return RedirectResponse(f"{prefix_of(request)}/login", 303)
    is_open = _is_open(settings, there_are, code)
    return page(
        request, "setup.html.j2", None, status=422 if wrong else 200 if is_open else 403,
        code=code, name=name, wrong=wrong, is_open=is_open, least=users.LEAST_PASSWORD,
    )  # fmt: skip


def _is_open(settings: Settings, there_are: int, code: str) -> bool:
    return there_are == 0 and setup_codes.is_valid(settings.setup_file, code)
