"""That a form was sent by a page of ours: its token is in a field, or in a header of a script."""

from __future__ import annotations

from fastapi import Request

from nightshift.api import csrf
from nightshift.api.csrf import token

__all__ = ["FIELD", "check", "token"]

FIELD = "csrf"


async def check(request: Request, key: str | None) -> None:
    """Let a change through that has a token of its login, as a header or in its form.

    Raises:
        ForbiddenError: it has none.
    """
    from nightshift.pages.viewer import ForbiddenError

    if not csrf.is_of_our_page(request.headers):
        raise ForbiddenError
    given = request.headers.get(csrf.HEADER)
    if given is None:
        field = (await request.form()).get(FIELD)
        given = field if isinstance(field, str) else ""
    if not csrf.is_valid(given, key):
        raise ForbiddenError
