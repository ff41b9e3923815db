"""Paths of these pages with what they ask for, such as a form names in `next`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit


def is_page(place: str, page: str) -> bool:
    """True for an address of this page, whatever it asks for."""
    try:
        return urlsplit(place).path == page
    except ValueError:  # such as //[
        return False


def with_query(place: str, **changes: Any) -> str:
    """A path with other values of a query; None takes one away."""
    parts = urlsplit(place)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in changes]
    put = [(name, value) for name, value in changes.items() if value is not None]
    query = urlencode([*kept, *put], quote_via=quote)
    return parts._replace(query=query, fragment="").geturl()
