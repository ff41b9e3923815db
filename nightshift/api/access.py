"""Who may ask: bearer tokens with scopes, and whoever logged in at the pages, by their cookie.

On loopback reading may be open, by a setting.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Annotated, NamedTuple

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_problem.error import Problem

from nightshift.api import audited, csrf, logins
from nightshift.api.logins import Login, RefusedError
from nightshift.api.problems import problem
from utils import clock
from utils.config import Settings
from utils.db import tokens
from utils.db.audit import Actor
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.api import Scope

_bearer = HTTPBearer(auto_error=False, description="`nightshift token create` makes one.")
ANONYMOUS = "anonymous"
KNOWN_SECONDS = 1.0  # after so long a token that another process revoked opens nothing. Chosen.
_MOST_KNOWN = 1_000


class Caller(NamedTuple):
    """Who asks: by the id of their token or user, or nobody in particular from this machine."""

    owner: str
    scopes: frozenset[Scope]
    name: str


def allowed(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency that lets in whoever has ``scope``.

    Raises:
        Problem: 401 without a valid token or login, 403 with one of another scope, and where a
            change is asked for by cookie and not by a page of ours.
    """

    async def check(
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        caller = await _caller(request, given)
        if scope not in caller.scopes:
            what = "Your role" if given is None else "The token"
            raise problem(403, "Forbidden", f"{what} has not the scope {scope.value}.")
        request.state.is_let_in = partial(_is_let_in, request, given, scope)
        if request.method not in csrf.SAFE:
            actor = Actor(caller.name, caller.owner, "api", logins.address_of(request))
            audited.asks(request, actor)
        return caller

    return check


async def _is_let_in(
    request: Request, given: HTTPAuthorizationCredentials | None, scope: Scope
) -> bool:
    """The same asked again, of an answer that goes on for long."""
    logins.ask_again(request)
    try:
        return scope in (await _caller(request, given)).scopes
    except Problem:
        return False


async def _caller(request: Request, given: HTTPAuthorizationCredentials | None) -> Caller:
    if given is None:
        try:
            login = await logins.current(request)
        except RefusedError:
            raise problem(403, "Forbidden", "You may not come in: ask an admin.") from None
        if login is not None:
            return _logged_in(request, login)
        if scopes := _without_token(request, request.app.state.settings):
            return Caller(ANONYMOUS, scopes, ANONYMOUS)
        raise problem(
            401,
            "Unauthorized",
            "Say who you are: Authorization: Bearer TOKEN (`nightshift token create` makes one).",
            WWW_Authenticate="Bearer",
        )
    known: RecentTokens = request.app.state.known
    caller = known.caller(given.credentials)
    if caller is None:
        caller = await to_thread.run_sync(_looked_up, given.credentials, known)
    if caller is None:
        raise problem(
            401,
            "Unauthorized",
            "The token is unknown, expired or revoked: `nightshift token list`.",
            WWW_Authenticate='Bearer error="invalid_token"',
        )
    return caller


def _logged_in(request: Request, login: Login) -> Caller:
    """A person who logged in at the pages; what changes something is asked for by our pages."""
    known: RecentTokens = request.app.state.known
    if login.cookie:
        known.note_login(login.cookie, login.person.id)
    if request.method not in csrf.SAFE:
        given = request.headers.get(csrf.HEADER, "")
        if not csrf.is_of_our_page(request.headers) or not csrf.is_valid(given, login.key):
            raise problem(
                403, "Forbidden", "By cookie only our pages change things: X-CSRF-Token is missing "
                "or of another login. Load the page again, or ask with a token.",
            )  # fmt: skip
    return Caller(login.person.id, login.person.scopes, login.person.name)


class RecentTokens:
    """Tokens that were looked up a moment ago, by their hashes: lists are asked for at once."""

    def __init__(self) -> None:
        self._logins: dict[bytes, str] = {}
        self._found: dict[bytes, tuple[Caller, datetime | None, float]] = {}
        self._revoked = tokens.revoked_here()

    def caller(self, token: str) -> Caller | None:
        """Who has a token; None if that has to be looked up."""
        if self._revoked != tokens.revoked_here():
            self._found, self._revoked = {}, tokens.revoked_here()
        caller, ends, looked_up = self._found.get(_hash(token), (None, None, 0.0))
        is_fresh = clock.monotonic() - looked_up < KNOWN_SECONDS
        return caller if is_fresh and (ends is None or ends > clock.now()) else None

    def owner(self, token: str) -> str | None:
        """The id of a token that was recognised lately, whatever has become of it since."""
        found = self._found.get(_hash(token)) if token else None
        return found[0].owner if found else None

    def note_login(self, cookie: str, owner: str) -> None:
        """Keep whose cookie it is, for the limits of rate alone."""
        if len(self._logins) >= _MOST_KNOWN:
            self._logins = {}
        self._logins[_hash(cookie)] = owner

    def owner_of_login(self, cookie: str | None) -> str | None:
        """The id of whoever has a cookie that was recognised lately."""
        return self._logins.get(_hash(cookie)) if cookie else None

    def note(self, token: str, caller: Caller, ends: datetime | None) -> None:
        """Keep who has a token."""
        if len(self._found) >= _MOST_KNOWN:
            self._found = {}
        self._found[_hash(token)] = (caller, ends, clock.monotonic())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _looked_up(token: str, known: RecentTokens) -> Caller | None:
    with session() as s:
        row = tokens.recognised(s, token)
        if row is None:
            return None
        scopes = frozenset().union(*(Scope(name).including for name in row.scopes))
        caller, ends, is_due = (
            Caller(row.id, scopes, row.name),
            row.expires_at,
            tokens.is_use_due(row),
        )
    if is_due:
        with suppress(RetryableError), session() as s:
            tokens.note_use(s, caller.owner)
    known.note(token, caller, ends)
    return caller


def _without_token(request: Request, settings: Settings) -> frozenset[Scope]:
    """What whoever asks from this machine may do without a token: read, if it is set so."""
    client = request.client.host if request.client else ""
    try:
        is_here = ipaddress.ip_address(client).is_loopback
    except ValueError:
        is_here = False
    # A proxy on this machine asks for others, who are not on it.
    is_passed_on = {"forwarded", "x-forwarded-for", "via"} & set(request.headers)
    is_open = (
        settings.api.open_reading and is_here and not is_passed_on and request.app.state.on_loopback
    )
    return Scope.READ.including if is_open else frozenset()


Reader = Annotated[Caller, Depends(allowed(Scope.READ))]
Writer = Annotated[Caller, Depends(allowed(Scope.WRITE))]
Admin = Annotated[Caller, Depends(allowed(Scope.ADMIN))]
