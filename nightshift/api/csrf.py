"""That a change was asked for by a page of ours (cross-site request forgery).

The cookie is SameSite=Strict and `Origin` is looked at already (deployments/own_name.py); the token
is the third lock. It is a random part and its HMAC with the cookie, so that no two pages have the
same one: what compresses answers cannot guess it (BREACH).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.datastructures import Headers

HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def token(key: str | None) -> str:
    """A token for the pages of a login; empty where nobody is logged in."""
    if key is None:
        return ""
    salt = secrets.token_hex(8)
    return f"{salt}.{_sealed(salt, key)}"


def is_valid(given: str, key: str | None) -> bool:
    """True of a token that was made for this login."""
    if key is None:
        return False
    salt, _, sealed = given.partition(".")
    return hmac.compare_digest(_sealed(salt, key).encode(), sealed.encode(errors="replace"))


def is_of_our_page(headers: Headers) -> bool:
    """False if a browser says that another site's page asks: other ports are the same site."""
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _sealed(salt: str, key: str) -> str:
    return hmac.new(
        key.encode(errors="replace"), salt.encode(errors="replace"), hashlib.sha256
    ).hexdigest()
