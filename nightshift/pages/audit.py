"""The audit log: who did what, when, and from where. For admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nightshift.pages.rendering import page
from nightshift.pages.viewer import Administering
from utils.db import audit
from utils.db.session import session

router = APIRouter()

_ROWS = 100


@router.get("/audit")
def show_audit(
    request: Request,
    viewer: Administering,
    who: str = "",
    action: str = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """List what was done, the last first."""
    with session() as s:
        found = audit.latest(s, _ROWS + 1, before, who or None, action or None)
        rows = found[:_ROWS]
        return page(
            request, "audit.html.j2", viewer, rows=rows, who=who, action=action,
            older=rows[-1].id if len(found) > _ROWS else None, is_first=before is None,
            actors=audit.actors(s), actions=audit.actions(s),
        )  # fmt: skip
