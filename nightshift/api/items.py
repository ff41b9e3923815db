"""Items over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from nightshift.api.access import Reader
from utils.db import items
from utils.db.session import session
from utils.documents import item

router = APIRouter(tags=["items"])


@router.get("/items/{wanted}")
def show(wanted: str, _caller: Reader) -> dict[str, Any]:
    """Show all that is known of an item; ``wanted`` is its checksum or the beginning of that."""
    with session() as s:
        return item.document(s, items.find(s, wanted))
