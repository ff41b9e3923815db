"""What an answer of the search says of items, in one statement that is made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from utils.db.pages import ENCODING, PATH
from utils.db.schema import Item
from utils.db.session import chunks
from utils.db.session import rows as rows_of

_ROWS = select(Item.id, Item.title, Item.kind, Item.summary, Item.source_url, PATH, ENCODING).where(
    Item.id.in_(bindparam("ids", expanding=True))
)


def rows(s: Session, item_ids: Sequence[str]) -> dict[str, Any]:
    """Items by their ids: what is told of them, where each lies, its last encode as it is kept.

    Those that the database does not know, or that lie nowhere, are left out.
    """
    return {
        row.id: row
        for chunk in chunks(item_ids)
        for row in rows_of(s, _ROWS, ids=list(chunk))
        if row.path is not None
    }
