"""The tables of works of several files: what a file says of its other parts, and which two belong
together. What a person said of two stays when they are looked at again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.db.base import Base, Json, UtcTime


class WorkCluesRow(Base):
    """What a file says of the work that it is a part of; ``document`` is the ``WorkClues``."""

    __tablename__ = "work_clues"

    item_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True
    )
    document: Mapped[Any] = mapped_column(Json)


class WorkKey(Base):
    """What the other parts of a work are found by: an identifier, a name in a folder."""

    __tablename__ = "work_keys"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class WorkLinkRow(Base):
    """Two items that are parts of one work, or that a person parted; ``first_id`` < ``second_id``.

    ``kind``: a ``WorkKind``; ``decision``: what a person said, ``same`` or ``different``.
    """

    __tablename__ = "work_links"

    first_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True
    )
    second_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[str] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(String(9))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
