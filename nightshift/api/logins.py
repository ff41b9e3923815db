"""Who is logged in at the pages: by the cookie of a login, or by the word of a named proxy.

The API takes the same, so that scripts of the pages may ask it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from anyio import to_thread
from starlette.requests import Request, cookie_parser

from nightshift.api.proxies import Named
from utils.config import Settings
from utils.db import audit, login_sessions, users
from utils.db.login_sessions import Person
from utils.db.session import session
from utils.errors import RetryableError, UsageError

COOKIE = "nightshift_session"
# Of a browser that a proxy logs in: its pages' tokens are made with it (csrf.py beside this).
PAGE_COOKIE = "nightshift_page"
_LONGEST_COOKIES = 4096  # bytes of the header; ours have 0.2 kB. Chosen.


class Login(NamedTuple):
    """A person who is logged in.

    ``cookie``: of their session; None where a proxy logs them in. ``key``: with which tokens of
    their pages are made; None where the browser has none yet.
    """

    person: Person
    cookie: str | None
    key: str | None


class RefusedError(Exception):
    """A proxy named somebody who is disabled, or has a name that is none."""


async def current(request: Request) -> Login | None:
    """Who is logged in; None for nobody. Looked up once a request.

    Raises:
        RefusedError: a named proxy logged somebody in who may not be.
    """
    if not hasattr(request.state, "login"):
        request.state.login = await _looked_up(request)
    found: Login | RefusedError | None = request.state.login
    if isinstance(found, RefusedError):
        raise found
    return found


def ask_again(request: Request) -> None:
    """Have who is logged in be looked up once more: an answer may outlast a login."""
    if hasattr(request.state, "login"):
        del request.state.login


def of_cookie(cookies: str) -> str | None:
    """The cookie of a login out of the header Cookie; None if it has none."""
    return cookie_parser(cookies).get(COOKIE) if len(cookies) <= _LONGEST_COOKIES else None


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


async def _looked_up(request: Request) -> Login | RefusedError | None:
    named: Named = request.state.named
    if named.is_forged:
        return None
    if named.user is None:
        cookie = request.cookies.get(COOKIE)
        return await to_thread.run_sync(_of_cookie, cookie) if cookie else None
    settings: Settings = request.app.state.settings
    person = await to_thread.run_sync(_named, named.user, settings, address_of(request))
    if person is None:
        return RefusedError()
    cookie = request.cookies.get(PAGE_COOKIE)
    return Login(person, None, key_of(cookie, person) if cookie else None)


def key_of(page_cookie: str, person: Person) -> str:
    """With which tokens of pages are made where a proxy logs people in: of browser and person."""
    return f"{page_cookie} {person.id}"


def _of_cookie(cookie: str) -> Login | None:
    with session() as s:
        row = login_sessions.valid(s, cookie)
        person = login_sessions.person_of(s, row) if row else None
        is_due = row is not None and login_sessions.is_seen_due(row)
    if person is None:
        return None
    if is_due:
        with suppress(RetryableError), session() as s:
            login_sessions.note_seen(s, cookie)
    return Login(person, cookie, cookie)


def _named(name: str, settings: Settings, address: str) -> Person | None:
    """A person whom a proxy logged in, made if they are new; None for one who may not come in."""
    role = settings.pages.user_header_role
    with session() as s:
        try:
            found, is_new = users.found_or_made(s, name, role)
        except UsageError:
            return None
        if is_new:
            actor = audit.Actor(found.name, found.id, "pages", address)
            audit.note(s, actor, "user.create", found.name, {"role": role.value, "by": "proxy"})
        return None if found.disabled_at else login_sessions.person(found)
