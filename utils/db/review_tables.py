"""What people decided of items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class ReviewRow(Base):
    """What a person decided of an item, and why.

    The last one that is not undone holds. ``changes``: options of the pipeline that a revision asks
    for, by names with dots. ``snapshot``: what was known then: the scores of all criteria, and the
    text by which it is found again. ``former_status``: the approval that stood before;
    ``former_item``: where the item stood in the queue before a revision.
    """

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    decision: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[Any] = mapped_column(Json, default=dict)
    snapshot: Mapped[Any] = mapped_column(Json, default=dict)
    former_status: Mapped[str | None] = mapped_column(String(8))
    former_item: Mapped[Any | None] = mapped_column(Json)
    made_by: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcTime)
