"""Content that items got from us."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, UtcTime


class ItemContent(Base):
    """Content that an item has since we wrote tags into its file, by its SHA-256.

    An item keeps its id, the checksum that it came with. The row stays when the item is forgotten:
    its content is known to be forgotten by that.
    """

    __tablename__ = "item_contents"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64), index=True)
    written_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
