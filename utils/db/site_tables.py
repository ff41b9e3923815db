"""The table of what sites said of entries that were not taken."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from utils.db.base import Base


class EntryDate(Base):
    """The day of an entry, as its own page says it: its listing names none, and it is too old."""

    __tablename__ = "entry_dates"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    published_on: Mapped[date] = mapped_column(Date)
