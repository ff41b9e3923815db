"""Logins of browsers: begun, recognised, ended. Of a cookie only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import tokens
from utils.db.access_tables import Token
from utils.db.page_tables import LoginSession, User
from utils.models.api import Scope
from utils.models.page_settings import Role, Theme

_LONGEST_COOKIE = 100
_LONGEST_BROWSER = 300


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
    s.execute(delete(LoginSession).where(LoginSession.expires_at < now()))
    s.add(
        LoginSession(
            sha256=_hash(secret),
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
    if not cookie or len(cookie) > _LONGEST_COOKIE:
        return None
    row = s.scalar(select(LoginSession).where(LoginSession.sha256 == _hash(cookie)))
    if row is None or row.expires_at <= now():
        return None
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


def end(s: Session, cookie: str) -> None:
    """Log a browser out."""
    s.execute(delete(LoginSession).where(LoginSession.sha256 == _hash(cookie)))


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()
