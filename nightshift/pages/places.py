"""Addresses of these pages that come from outside: in a form's `next`, in a query."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fastapi import Request


def ours(request: Request, place: str) -> str:
    """A path of these pages behind the proxy's prefix; the start page for one of strangers."""
    is_ours = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return f"{request.scope.get('root_path', '')}{place if is_ours else '/'}"


def is_page(place: str, page: str) -> bool:
    """True for an address of this page, whatever it asks for."""
    return urlsplit(place).path == page


def with_query(place: str, **changes: Any) -> str:
    """A path with other values of a query; None takes one away."""
    parts = urlsplit(place)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in changes]
    put = [(name, value) for name, value in changes.items() if value is not None]
    query = urlencode([*kept, *put], quote_via=quote)
    return parts._replace(query=query, fragment="").geturl()
