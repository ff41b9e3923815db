"""Items as grids and lists show them: what fits below a picture."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from utils.db import item_rows
from utils.db.item_rows import ItemRow

__all__ = ["ItemRow", "of"]


def of(s: Session, item_ids: Sequence[str]) -> dict[str, ItemRow]:
    """Items by their ids; those that there are no more are left out. One query for 500."""
    return item_rows.of(s, item_ids)
