"""What feeds and sites said of the items that were fetched from them."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from utils.db.fact_tables import ListingRow
from utils.db.session import rows as rows_of
from utils.db.session import upsert
from utils.models.listing import Listing

_DOCUMENT = select(ListingRow.document).where(ListingRow.item_id == bindparam("item_id"))


def save(s: Session, item_id: str, listing: Listing) -> None:
    """Keep what was said of an item; who said something first is not overruled."""
    document = listing.model_dump(mode="json")
    row = upsert(s)(ListingRow).values(item_id=item_id, document=document)
    s.execute(row.on_conflict_do_nothing())


def of(s: Session, item_id: str) -> Listing | None:
    """What was said of an item; None of one that was not fetched, or by an older version."""
    document = rows_of(s, _DOCUMENT, item_id=item_id).scalar()
    try:
        return Listing.model_validate(document) if document else None
    except ValidationError:
        return None
