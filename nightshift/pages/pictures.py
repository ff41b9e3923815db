"""Pictures of items in the widths of screens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from starlette.responses import FileResponse

from nightshift.pages.viewer import Reading
from utils.config import Settings
from utils.db.session import session
from utils.documents import pictures

router = APIRouter()

_KEPT = "private, max-age=86400"
_OF_THIS_LOGIN = "Cookie"  # what a browser keeps is not shown to who logs in there next
_Id = Annotated[str, InPath(pattern="^[0-9a-f]{64}$")]


@router.get("/pictures/{item_id}")
def show_picture(
    request: Request,
    item_id: _Id,
    _viewer: Reading,
    width: Annotated[int, Query(ge=1, le=4000)] = 320,
) -> Response:
    """Send the picture that stands for an item, at most as wide as a step that is at least that."""
    settings: Settings = request.app.state.settings
    step = next((one for one in pictures.WIDTHS if one >= width), pictures.WIDTHS[-1])
    with session() as s:
        found = pictures.find(s, item_id, step)
    made = pictures.shown(found, step, settings) if found else None
    if made is None:
        return Response(
            status_code=404,
            headers={"Cache-Control": "private, max-age=60", "Vary": _OF_THIS_LOGIN},
        )
    headers = {"ETag": made.validator, "Cache-Control": _KEPT, "Vary": _OF_THIS_LOGIN}
    if made.validator in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(made.path, media_type="image/webp", headers=headers)
