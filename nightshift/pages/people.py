"""Who may use the pages: people and their roles. For admins."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from nightshift.pages import passwords
from nightshift.pages.login import Text
from nightshift.pages.rendering import page, prefix_of
from nightshift.pages.viewer import Administering, Viewer
from utils.config import Settings
from utils.db import users
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models.page_settings import Role

router = APIRouter()

_Role = Annotated[Role, Form()]


class _Wrong(NamedTuple):
    """What is wrong with what was typed, and in whose form; None: in that of a new person."""

    what: str
    user_id: str | None
    name: str = ""


@router.get("/users")
def show_people(request: Request, viewer: Administering, done: str = "") -> Response:
    """List the people."""
    return _shown(request, viewer, None, done)


@router.post("/users")
def add_person(
    request: Request,
    viewer: Administering,
    role: _Role,
    name: Text = "",
    password: Text = "",
    again: Text = "",
) -> Response:
    """Make a person; without a password one whom a proxy logs in, where one does."""
    settings: Settings = request.app.state.settings
    by_proxy = settings.pages.user_header is not None and not password and not again
    with session() as s:
        wrong = passwords.fault_of_name(s, name) or (
            None if by_proxy else passwords.fault_of(password, again)
        )
        if wrong is None:
            made = users.create(s, name, password or None, role)
            request.state.audit = ("user.create", made.name, {"role": role.value})
    if wrong is not None:
        return _shown(request, viewer, _Wrong(wrong, None, name))
    return _back(request, "added")


@router.post("/users/{user_id}/role")
def change_role(request: Request, viewer: Administering, user_id: str, role: _Role) -> Response:
    """Give a person another role."""
    try:
        with session() as s:
            user = users.by_id(s, user_id)
            users.set_role(s, user, role)
            request.state.audit = ("user.role", user.name, {"role": role.value})
    except PermanentError as error:
        return _refused(request, viewer, user_id, error)
    return _back(request, "role")


@router.post("/users/{user_id}/password")
def reset_password(
    request: Request, viewer: Administering, user_id: str, password: Text = "", again: Text = ""
) -> Response:
    """Give a person another password; all their logins end, but the one that asks."""
    wrong = passwords.fault_of(password, again)
    if wrong is not None:
        return _shown(request, viewer, _Wrong(wrong, user_id))
    with session() as s:
        user = users.by_id(s, user_id)
        users.set_password(s, user, password, kept=viewer.cookie)
        request.state.audit = ("user.password", user.name, None)
    return _back(request, "password")


@router.post("/users/{user_id}/disable")
def disable(request: Request, viewer: Administering, user_id: str) -> Response:
    """Let a person in no more; their logins end."""
    return _disabled(request, viewer, user_id, True)


@router.post("/users/{user_id}/enable")
def enable(request: Request, viewer: Administering, user_id: str) -> Response:
    """Let a person in again."""
    return _disabled(request, viewer, user_id, False)


@router.post("/users/{user_id}/remove")
def remove(request: Request, viewer: Administering, user_id: str) -> Response:
    """Forget a person; what they did stays in the audit log."""
    try:
        with session() as s:
            user = users.by_id(s, user_id)
            request.state.audit = ("user.remove", user.name, None)
            users.remove(s, user)
    except PermanentError as error:
        return _refused(request, viewer, user_id, error)
    return _back(request, "removed")


def _disabled(request: Request, viewer: Viewer, user_id: str, disabled: bool) -> Response:
    try:
        with session() as s:
            user = users.by_id(s, user_id)
            users.set_disabled(s, user, disabled)
            action = "user.disable" if disabled else "user.enable"
            request.state.audit = (action, user.name, None)
    except PermanentError as error:
        return _refused(request, viewer, user_id, error)
    return _back(request, "disabled" if disabled else "enabled")


def _refused(request: Request, viewer: Viewer, user_id: str, error: PermanentError) -> Response:
    """The only admin stays one; that a person is gone is told as of any address."""
    if isinstance(error, UsageError):
        raise error
    return _shown(request, viewer, _Wrong("last_admin", user_id))


def _shown(request: Request, viewer: Viewer, wrong: _Wrong | None, done: str = "") -> Response:
    settings: Settings = request.app.state.settings
    with session() as s:
        return page(
            request, "people.html.j2", viewer, status=422 if wrong else 200, people=users.every(s),
            roles=tuple(Role), wrong=wrong, done=done, least=users.LEAST_PASSWORD,
            by_proxy=settings.pages.user_header is not None,
        )  # fmt: skip


def _back(request: Request, done: str) -> Response:
    return RedirectResponse(f"{prefix_of(request)}/users?done={done}", 303)
