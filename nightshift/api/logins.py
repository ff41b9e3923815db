"""Who is logged in at the pages: their scripts ask the API by the same cookie."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from anyio import to_thread
from starlette.requests import Request, cookie_parser

from utils.db import login_sessions
from utils.db.login_sessions import Person
from utils.db.session import session
from utils.errors import RetryableError

COOKIE = "nightshift_session"
_LONGEST_COOKIES = 4096  # bytes of the header; ours have 0.2 kB. Chosen.


class Login(NamedTuple):
    """A person who is logged in.

    ``cookie``: of their session. ``key``: with which tokens of their pages are made (csrf.py).
    """

    person: Person
    cookie: str
    key: str


async def current(request: Request) -> Login | None:
    """Who is logged in; None for nobody. Looked up once a request."""
    if not hasattr(request.state, "login"):
        cookie = request.cookies.get(COOKIE)
        request.state.login = await to_thread.run_sync(_of_cookie, cookie) if cookie else None
    found: Login | None = request.state.login
    return found


def of_cookie(cookies: str) -> str | None:
    """The cookie of a login out of the header Cookie; None if it has none."""
    return cookie_parser(cookies).get(COOKIE) if len(cookies) <= _LONGEST_COOKIES else None


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
