"""Logins of browsers: begun, recognised, ended. Of a cookie only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import tokens
from utils.db.access_tables import Token
from utils.db.page_tables import LoginSession, User
from utils.db.session import impatient
from utils.models.api import Scope
from utils.models.page_settings import Role, Theme

_LONGEST_COOKIE = 100
_LONGEST_BROWSER = 300
_SEEN_AGAIN = timedelta(minutes=1)  # that a login is used is noted so often at most


class Person(NamedTuple):
    """Who is logged in: a user, or whoever has a token."""

    id: str
    name: str
    scopes: frozenset[Scope]
    is_user: bool
    language: str | None
    timezone: str | None
    theme: Theme


class Browser(NamedTuple):
    """Where a login comes from."""

    name: str | None
    address: str | None


def begin(s: Session, who: User | Token, browser: Browser, days: float) -> str:
    """Log somebody in; returns the cookie, which nobody can read again afterwards."""
    secret = secrets.token_urlsafe(32)
    if isinstance(who, User):
        who.last_login_at = now()
    s.execute(delete(LoginSession).where(LoginSession.expires_at < now()))
    s.add(
        LoginSession(
            sha256=digest(secret),
            user_id=who.id if isinstance(who, User) else None,
            token_id=who.id if isinstance(who, Token) else None,
            browser=browser.name[:_LONGEST_BROWSER] if browser.name else None,
            address=browser.address,
            expires_at=now() + timedelta(days=days),
        )
    )
    return secret


def recognised(s: Session, cookie: str) -> Person | None:
    """Who has this cookie; None if it is none of ours, over, or its user or token no longer is."""
    row = valid(s, cookie)
    return person_of(s, row) if row else None


def valid(s: Session, cookie: str) -> LoginSession | None:
    """The login of this cookie; None if it is none of ours, or over."""
    if not cookie or len(cookie) > _LONGEST_COOKIE:
        return None
    row = s.get(LoginSession, digest(cookie))
    return row if row is not None and row.expires_at > now() else None


def person_of(s: Session, row: LoginSession) -> Person | None:
    """Whose login it is; None if the user is disabled, or the token no longer valid."""
    if row.user_id is not None:
        user = s.get(User, row.user_id)
        return person(user) if user is not None and user.disabled_at is None else None
    token = s.get(Token, row.token_id)
    if token is None or tokens.state(token) != tokens.VALID:
        return None
    scopes = frozenset().union(*(Scope(name).including for name in token.scopes))
    return Person(token.id, token.name, scopes, False, None, None, Theme.AUTO)


def person(user: User) -> Person:
    """A user as one who is logged in."""
    role = Role(user.role)
    return Person(
        user.id, user.name, role.scopes, True, user.language, user.timezone, Theme(user.theme)
    )


def is_seen_due(row: LoginSession) -> bool:
    """True if it was noted a while ago that it is used; the clock may have been set back since."""
    return abs(now() - row.last_seen_at) > _SEEN_AGAIN


def note_seen(s: Session, cookie: str) -> None:
    """Note that a login was used now; of several requests at once one writes.

    Raises:
        RetryableError: another program writes to the database at length; nothing is waited for.
    """
    moment = now()
    noted = update(LoginSession).where(
        LoginSession.sha256 == digest(cookie),
        or_(LoginSession.last_seen_at < moment - _SEEN_AGAIN,
            LoginSession.last_seen_at > moment + _SEEN_AGAIN),
    )  # fmt: skip
    with impatient(s):
        s.execute(noted.values(last_seen_at=moment))


def end(s: Session, cookie: str) -> None:
    """Log a browser out."""
    s.execute(delete(LoginSession).where(LoginSession.sha256 == digest(cookie)))


def of_user(s: Session, user_id: str) -> Sequence[LoginSession]:
    """The logins of a person that are not over, the one that was used last first."""
    mine = select(LoginSession).where(
        LoginSession.user_id == user_id, LoginSession.expires_at > now()
    )
    return s.scalars(mine.order_by(LoginSession.last_seen_at.desc())).all()


def is_of(row: LoginSession, cookie: str | None) -> bool:
    """True if it is the login of this cookie."""
    return cookie is not None and row.sha256 == digest(cookie)


def end_of(s: Session, user_id: str, *, only: str | None = None, but: str | None = None) -> None:
    """End the logins of a person: all; ``only``: the one of this SHA-256; ``but``: not a cookie."""
    gone = delete(LoginSession).where(LoginSession.user_id == user_id)
    if only is not None:
        gone = gone.where(LoginSession.sha256 == only)
    if but is not None:
        gone = gone.where(LoginSession.sha256 != digest(but))
    s.execute(gone)


def digest(cookie: str) -> str:
    """A cookie as it is kept."""
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()
