"""The way of an item over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from nightshift.api.access import Reader
from utils.db import items
from utils.db.session import session
from utils.documents.lineage import document

router = APIRouter(tags=["items"])


@router.get("/items/{item_id}/lineage")
def lineage(item_id: str, _caller: Reader) -> dict[str, Any]:
    """Show where an item came from and what was made of it, each with what it was made from."""
    with session() as s:
        return document(s, items.find(s, item_id))
