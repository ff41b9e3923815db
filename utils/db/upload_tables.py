"""The table of uploads: what is on its way into the inbox, and where what came whole lies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, UtcTime


class Upload(Base):
    """A file that is being sent, or that came.

    ``owner``: the token that it was begun with. ``name``: as it will be called, made safe;
    ``told``: what the client said of it, as it said it. ``size_bytes`` is None until the end
    where it was not said before; ``sha256`` what the content must have, ``item_id`` what it has.
    What lies in the partial file from ``unverified_from`` on is not proven by a checksum yet.
    ``landed`` is where it gets, or got, its name; it is there once ``completed_at`` is set. With
    ``was_there`` that is where the same content lay already.
    """

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(16), index=True)
    name: Mapped[str] = mapped_column(Text)
    told: Mapped[str] = mapped_column(Text, default="", server_default="")
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    unverified_from: Mapped[int | None] = mapped_column(BigInteger)
    landed: Mapped[str | None] = mapped_column(Text)
    item_id: Mapped[str | None] = mapped_column(String(64), index=True)
    was_there: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcTime)
