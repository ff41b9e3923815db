"""Pictures and films that were made for items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class VisualRow(Base):
    """A picture or film that was made for an item (``utils.models.visuals.Visual``).

    ``path`` is relative to the home where it lies below it.
    """

    __tablename__ = "visuals"
    __table_args__ = (UniqueConstraint("item_id", "kind", "aspect"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    aspect: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    engine: Mapped[str] = mapped_column(Text)
    by_model: Mapped[bool] = mapped_column(Boolean)
    model: Mapped[str | None] = mapped_column(Text)
    workflow: Mapped[str | None] = mapped_column(Text)
    prompt: Mapped[str | None] = mapped_column(Text)
    seed: Mapped[str | None] = mapped_column(String(20))
    inputs: Mapped[Any] = mapped_column(Json, default=dict)
    warnings: Mapped[Any] = mapped_column(Json, default=list)
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
