"""The tables of what people say of an item's speech: its words, and whose a voice is.

A run writes none of these rows anew; they go with their item.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class CorrectionRow(Base):
    """A person's words in the place of a machine's; ``segments`` are ``Segment``."""

    __tablename__ = "corrections"

    item_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True
    )
    corrected_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    source: Mapped[str] = mapped_column(Text)
    segments: Mapped[Any] = mapped_column(Json)


class VoiceName(Base):
    """The name of a voice of an item; ``similarity`` is null where a person gave it."""

    __tablename__ = "voice_names"

    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    voiceprint: Mapped[Any] = mapped_column(Json)
    seconds: Mapped[float] = mapped_column(Float)
    similarity: Mapped[float | None] = mapped_column(Float)
    named_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
