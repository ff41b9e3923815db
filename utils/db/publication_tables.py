"""What was published where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class PublicationRow(Base):
    """An item at a target: wanted, under way, there, or taken back.

    No foreign key: what lies at a target is known though the item is forgotten. ``claimed_by``: the
    worker that is at it. ``package_key``: the hash of what was published; another one is published
    anew; so is what the target's definition decides (``target_key``). ``state``: what an
    interrupted upload goes on with. ``objects``: what lies there (``PublishedObject``).
    ``document``: the package as it was published, for indexes and feeds. ``forced``: why a person
    publishes what is not approved. ``wanted_at``: when it was last asked for. ``compared_at``: when
    it was last seen to be what would be published; ``verified_at``: when it was last looked at
    where it lies, ``flaws`` what was wrong.
    """

    __tablename__ = "publications"
    __table_args__ = (UniqueConstraint("item_id", "target"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    item_id: Mapped[str] = mapped_column(String(64), index=True)
    target: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12), index=True)
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    claimed_by: Mapped[str | None] = mapped_column(String(64), index=True)
    package_key: Mapped[str | None] = mapped_column(String(64))
    target_key: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(Text)
    remote_id: Mapped[str | None] = mapped_column(Text)
    objects: Mapped[Any] = mapped_column(Json, default=list)
    document: Mapped[Any] = mapped_column(Json, default=dict, deferred=True)  # long
    extra: Mapped[Any] = mapped_column(Json, default=dict)
    state: Mapped[Any] = mapped_column(Json, default=dict)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    flaws: Mapped[Any] = mapped_column(Json, default=list)
    forced: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    wanted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    compared_at: Mapped[datetime | None] = mapped_column(UtcTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcTime)
    retracted_at: Mapped[datetime | None] = mapped_column(UtcTime)
