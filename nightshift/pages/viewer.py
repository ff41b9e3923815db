"""Who looks at the pages, and what they may do there."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from nightshift.api import audited, logins
from nightshift.api.csrf import SAFE
from nightshift.api.logins import RefusedError
from nightshift.pages import csrf
from utils.config import Settings
from utils.db import audit
from utils.db.login_sessions import Person
from utils.models.api import Scope
from utils.models.page_settings import Theme

COOKIE = logins.COOKIE
_ANYBODY = Person("", "", Scope.READ.including, False, None, None, Theme.AUTO)


class LoginNeededError(Exception):
    """Nobody in particular asks for what is not for everybody."""


class ForbiddenError(Exception):
    """Somebody asks for what they may not do, or a page of strangers asks in their name."""


class Viewer(NamedTuple):
    """Who looks: a person who logged in, or anybody from this machine where reading is open.

    ``cookie``: of a login; None where a proxy logs them in, and for anybody. ``key``: with which
    tokens of their pages are made.
    """

    person: Person
    cookie: str | None
    address: str
    key: str | None = None

    @property
    def may_edit(self) -> bool:
        """True if they may change things."""
        return Scope.WRITE in self.person.scopes

    @property
    def is_admin(self) -> bool:
        """True if they may do everything."""
        return Scope.ADMIN in self.person.scopes

    @property
    def user_id(self) -> str | None:
        """Of a user; None for whoever came with a token, or without anything."""
        return self.person.id if self.person.is_user else None

    @property
    def actor(self) -> audit.Actor:
        """The same for the audit log, and for what keeps who did it."""
        return audit.Actor(self.person.name, self.person.id or None, "pages", self.address)


def allowed(scope: Scope) -> Callable[[Request], Awaitable[Viewer]]:
    """A dependency that lets in whoever has ``scope``; of a change it wants the page's own token.

    Raises:
        LoginNeededError: nobody is logged in.
        ForbiddenError: who is may not do it, or the request comes from elsewhere, or a
            proxy logged in somebody who is disabled.
    """

    async def check(request: Request) -> Viewer:
        viewer = await current(request)
        if viewer is None:
            raise ForbiddenError if request.state.is_refused else LoginNeededError
        if scope not in viewer.person.scopes:
            raise ForbiddenError
        request.state.is_let_in = partial(_is_let_in, request, scope)
        if request.method not in SAFE:
            await csrf.check(request, viewer.key)
            audited.asks(request, viewer.actor)
        return viewer

    return check


async def _is_let_in(request: Request, scope: Scope) -> bool:
    """The same asked again, of an answer that goes on for long."""
    logins.ask_again(request)
    del request.state.viewer
    viewer = await current(request)
    return viewer is not None and scope in viewer.person.scopes


async def current(request: Request) -> Viewer | None:
    """Who looks; None for nobody who may look at anything. Looked up once a request."""
    if not hasattr(request.state, "viewer"):
        request.state.viewer = await _looked_up(request)
    found: Viewer | None = request.state.viewer
    return found


async def _looked_up(request: Request) -> Viewer | None:
    address = logins.address_of(request)
    request.state.is_refused = False
    try:
        login = await logins.current(request)
    except RefusedError:
        request.state.is_refused = True
        return None
    if login is None:
        return Viewer(_ANYBODY, None, address) if _is_open(request, address) else None
    key = login.key
    if key is None:  # a proxy logged them in just now: their pages get a cookie of their own
        request.state.page_cookie = secrets.token_urlsafe(16)
        key = logins.key_of(request.state.page_cookie, login.person)
    return Viewer(login.person, login.cookie, address, key)


def _is_open(request: Request, address: str) -> bool:
    """True for whoever asks from this machine, where it is set so; a proxy asks for others."""
    settings: Settings = request.app.state.settings
    if not (settings.api.open_reading and request.app.state.on_loopback):
        return False
    if {"forwarded", "x-forwarded-for", "via"} & set(request.headers):
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


Reading = Annotated[Viewer, Depends(allowed(Scope.READ))]
Editing = Annotated[Viewer, Depends(allowed(Scope.WRITE))]
Administering = Annotated[Viewer, Depends(allowed(Scope.ADMIN))]
