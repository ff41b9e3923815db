"""One's own account: password, language, zone, colours, and where one is logged in."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.pages import browsers, passwords
from nightshift.pages.login import Text
from nightshift.pages.login_limits import WAIT_SECONDS, LoginLimits
from nightshift.pages.rendering import page, prefix_of, zones
from nightshift.pages.viewer import COOKIE, ForbiddenError, Reading, Viewer
from utils.db import login_sessions, users
from utils.db.session import session
from utils.models.page_settings import LANGUAGES, Theme

router = APIRouter()

_Digest = Annotated[str, Form(pattern=r"^[0-9a-f]{64}$")]


@router.get("/account")
def show_account(request: Request, viewer: Reading, done: str = "") -> Response:
    """Show one's account."""
    return _shown(request, viewer, done=done)


@router.post("/account/preferences")
def prefer(
    request: Request,
    viewer: Reading,
    theme: Annotated[Theme, Form()],
    language: Text = "",
    timezone: Text = "",
) -> Response:
    """Choose language, zone and colours; nothing chosen: as the browser says."""
    with session() as s:
        user = users.by_id(s, _id_of(viewer))
        user.language = language if language in LANGUAGES else None
        user.timezone = timezone if timezone in zones() else None
        user.theme = theme
    request.state.audit = ("account.preferences", None, None)
    return _back(request, "preferences")


@router.post("/account/password")
async def change_password(
    request: Request, viewer: Reading, current: Text = "", password: Text = "", again: Text = ""
) -> Response:
    """Take another password; the logins at other browsers end."""
    limits: LoginLimits = request.app.state.login_limits
    user_id, name = _id_of(viewer), viewer.person.name
    if not await limits.may(viewer.address, name):
        answer = await to_thread.run_sync(_shown, request, viewer, "often", 429)
        answer.headers["retry-after"] = str(WAIT_SECONDS)
        return answer
    wrong = await to_thread.run_sync(_changed, user_id, viewer.cookie, (current, password, again))
    if wrong != "current":
        await limits.succeeded(viewer.address, name)
    if wrong is not None:
        return await to_thread.run_sync(_shown, request, viewer, wrong, 422)
    request.state.audit = ("account.password", None, None)
    return _back(request, "password")


@router.post("/account/sessions/end")
def end_session(request: Request, viewer: Reading, login: _Digest) -> Response:
    """Log one of one's browsers out."""
    with session() as s:
        login_sessions.end_of(s, _id_of(viewer), only=login)
    request.state.audit = ("account.logout", None, None)
    return _back(request, "ended")


@router.post("/account/sessions/end-all")
def end_sessions(request: Request, viewer: Reading) -> Response:
    """Log all of one's browsers out, this one too."""
    with session() as s:
        login_sessions.end_of(s, _id_of(viewer))
    request.state.audit = ("account.logout", None, {"everywhere": True})
    prefix = prefix_of(request)
    answer = RedirectResponse(f"{prefix}/login", 303)
    answer.delete_cookie(COOKIE, path=prefix or "/", httponly=True, samesite="strict")
    return answer


def _changed(user_id: str, cookie: str | None, given: tuple[str, str, str]) -> str | None:
    """What is wrong; None where the password is changed."""
    current, password, again = given
    with session() as s:
        user = users.by_id(s, user_id)
        if users.logged_in(s, user.name, current) is None:
            return "current"
        wrong = passwords.fault_of(password, again)
        if wrong is None:
            users.set_password(s, user, password, kept=cookie)
        return wrong


def _shown(
    request: Request, viewer: Viewer, wrong: str | None = None, status: int = 200, done: str = ""
) -> Response:
    with session() as s:
        user = users.by_id(s, _id_of(viewer))
        logins = [
            (row, login_sessions.is_of(row, viewer.cookie))
            for row in login_sessions.of_user(s, user.id)
        ]
        return page(
            request, "account.html.j2", viewer, status=status, user=user, logins=logins,
            browser=browsers.name_of, languages=LANGUAGES, zones=sorted(zones()), wrong=wrong,
            done=done, least=users.LEAST_PASSWORD,
        )  # fmt: skip


def _id_of(viewer: Viewer) -> str:
    """Of a user: whoever came with a token, or with nothing, has no account."""
    if viewer.user_id is None:
        raise ForbiddenError
    return viewer.user_id


def _back(request: Request, done: str) -> Response:
    return RedirectResponse(f"{prefix_of(request)}/account?done={done}", 303)
