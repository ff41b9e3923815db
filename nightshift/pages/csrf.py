"""That a change was asked for by a page of ours (cross-site request forgery).

The cookie is SameSite=Strict and `Origin` is looked at already (deployments/own_name.py); the token
is the third lock. It is a random part and its HMAC with the cookie, so that no two pages have the
same one: what compresses answers cannot guess it (BREACH).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import Request

FIELD, HEADER = "csrf", "x-csrf-token"


def token(cookie: str | None) -> str:
    """A token for the pages of a login; empty where nobody is logged in."""
    if cookie is None:
        return ""
    salt = secrets.token_hex(8)
    return f"{salt}.{_sealed(salt, cookie)}"


async def check(request: Request, cookie: str | None) -> None:
    """Let a change through that has a token of its login, as a header or in its form.

    Raises:
        ForbiddenError: it has none.
    """
    from nightshift.pages.viewer import ForbiddenError

    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForbiddenError
    given = request.headers.get(HEADER)
    if given is None:
        field = (await request.form()).get(FIELD)
        given = field if isinstance(field, str) else ""
    if cookie is None or not is_valid(given, cookie):
        raise ForbiddenError


def is_valid(given: str, cookie: str) -> bool:
    """True of a token that was made for this login."""
    salt, _, sealed = given.partition(".")
    return hmac.compare_digest(_sealed(salt, cookie).encode(), sealed.encode())


def _sealed(salt: str, cookie: str) -> str:
    return hmac.new(cookie.encode(), salt.encode(), hashlib.sha256).hexdigest()
