"""Who may ask: bearer tokens with scopes; on loopback reading may be open, by a setting."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from nightshift.api.problems import problem
from utils.config import Settings
from utils.db import tokens
from utils.db.session import session
from utils.models.api import Scope

_bearer = HTTPBearer(auto_error=False, description="`nightshift token create` makes one.")
ANONYMOUS = "anonymous"


class Caller(NamedTuple):
    """Who asks: a token's id, or nobody in particular from this machine."""

    owner: str
    scopes: frozenset[Scope]


def allowed(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets in whoever has ``scope``.

    Raises:
        Problem: 401 without a valid token, 403 with one of another scope.
    """

    def check(
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        caller = _caller(request, given)
        if scope not in caller.scopes:
            raise problem(403, "Forbidden", f"The token has not the scope {scope.value}.")
        return caller

    return check


def _caller(request: Request, given: HTTPAuthorizationCredentials | None) -> Caller:
    settings: Settings = request.app.state.settings
    if given is None:
        if scopes := _without_token(request, settings):
            return Caller(ANONYMOUS, scopes)
        raise problem(
            401,
            "Unauthorized",
            "Say who you are: Authorization: Bearer TOKEN (`nightshift token create` makes one).",
            WWW_Authenticate="Bearer",
        )
    with session() as s:
        row = tokens.recognised(s, given.credentials)
        if row is None:
            raise problem(
                401,
                "Unauthorized",
                "The token is unknown, expired or revoked: `nightshift token list`.",
                WWW_Authenticate='Bearer error="invalid_token"',
            )
        scopes = frozenset().union(*(Scope(name).including for name in row.scopes))
        return Caller(row.id, scopes)


def _without_token(request: Request, settings: Settings) -> frozenset[Scope]:
    """What whoever asks from this machine may do without a token: read, if it is set so."""
    client = request.client.host if request.client else ""
    try:
        is_here = ipaddress.ip_address(client).is_loopback
    except ValueError:
        is_here = False
    is_open = settings.api.open_reading and is_here and request.app.state.on_loopback
    return Scope.READ.including if is_open else frozenset()


Reader = Annotated[Caller, Depends(allowed(Scope.READ))]
Writer = Annotated[Caller, Depends(allowed(Scope.WRITE))]
Admin = Annotated[Caller, Depends(allowed(Scope.ADMIN))]
