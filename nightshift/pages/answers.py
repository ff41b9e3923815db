"""What a page says after it did something: the page again, or a message where htmx asked."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from nightshift.pages.rendering import is_part, page
from nightshift.pages.viewer import Viewer


def done(request: Request, viewer: Viewer, place: str, what: str, number: int = 1) -> Response:
    """Lead back to a page, at the message ``what`` (see `done.html.j2`); the message for htmx."""
    if is_part(request):
        return page(request, "done.html.j2", viewer, what=what, number=number)
    return RedirectResponse(f"{request.scope.get('root_path', '')}{place}", 303)
