"""Content that items got from us: tags written into their files. An item keeps its id."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.item_checksum_tables import ItemContent
from utils.db.session import chunks, upsert


def items_of(s: Session, digests: Sequence[str]) -> dict[str, str]:
    """The item of each content, by SHA-256: its own id, or that which it had before our tags."""
    found = {digest: digest for digest in digests}
    for some in chunks(list(found)):
        rows = s.scalars(select(ItemContent).where(ItemContent.sha256.in_(some)))
        found |= {row.sha256: row.item_id for row in rows}
    return found


def item_of(s: Session, digest: str) -> str:
    """The item of one content."""
    return items_of(s, [digest])[digest]


def note(s: Session, digest: str, item_id: str) -> None:
    """Note that an item is about to have another content, or has it."""
    insert = upsert(s)(ItemContent).values(sha256=digest, item_id=item_id, written_at=now())
    s.execute(
        insert.on_conflict_do_update(index_elements=[ItemContent.sha256],
                                     set_={"item_id": insert.excluded.item_id})
    )  # fmt: skip
