"""The tables of sources: what is looked into, what was there, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Json, UtcTime


class Source(Base):
    """A folder, a bucket or an address that shifts look into (``SourceDefinition``).

    ``vocabulary``: names and places that are spoken of in what it holds. ``cursor``: where a
    listing that was cut goes on. ``paused_at``: since when nothing is looked for there.
    ``prefect_…``: its deployment of the flow ``run-ingestion``, where there is a server.
    """

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    location: Mapped[str] = mapped_column(Text, index=True)
    pattern: Mapped[str | None] = mapped_column(Text)
    schedule: Mapped[str | None] = mapped_column(Text)
    timezone: Mapped[str | None] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(String(16), default="default", server_default="default")
    profile: Mapped[str | None] = mapped_column(Text)
    options: Mapped[Any] = mapped_column(Json, default=dict, server_default="{}")
    keep_last: Mapped[int | None] = mapped_column(Integer)
    since: Mapped[date | None] = mapped_column(Date)
    added_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    paused_at: Mapped[datetime | None] = mapped_column(UtcTime)
    vocabulary: Mapped[str | None] = mapped_column(Text)
    cursor: Mapped[Any | None] = mapped_column(Json)
    prefect_deployment_id: Mapped[str | None] = mapped_column(String(36), index=True)
    prefect_flow_id: Mapped[str | None] = mapped_column(String(36))


class SourceLook(Base):
    """What a source was like when a shift last looked into it.

    ``found``: how many files or entries the last good look saw; ``failing_since``: the first of
    the looks in a row that failed, None if the last one was good.
    """

    __tablename__ = "source_looks"

    location: Mapped[str] = mapped_column(Text, primary_key=True)
    looked_at: Mapped[datetime] = mapped_column(UtcTime)
    found: Mapped[int | None] = mapped_column(Integer)
    error_class: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)


class SourceFile(Base):
    """An object of a source as it was last listed, and what became of it (``FileStatus``).

    ``key``: its name within the source, or a site's id. ``claimed_by``: the worker that has it in
    work. ``version``: how many contents it has had; ``item_id`` is that of the last, None until it
    was read. ``listing``: the last one that it was in.
    """

    __tablename__ = "source_files"

    source_id: Mapped[str] = mapped_column(
        ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    etag: Mapped[str | None] = mapped_column(Text)
    modified_at: Mapped[datetime | None] = mapped_column(UtcTime)
    status: Mapped[str] = mapped_column(String(12), index=True)
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    claimed_by: Mapped[str | None] = mapped_column(String(64), index=True)
    item_id: Mapped[str | None] = mapped_column(String(64), index=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    error_class: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    discovered_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    vanished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    listing: Mapped[str | None] = mapped_column(String(32))


class SourceFileVersion(Base):
    """A content that an object of a source had before: what it was replaced by is another item."""

    __tablename__ = "source_file_versions"

    source_id: Mapped[str] = mapped_column(
        ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    etag: Mapped[str | None] = mapped_column(Text)
    modified_at: Mapped[datetime | None] = mapped_column(UtcTime)
    item_id: Mapped[str | None] = mapped_column(String(64), index=True)
    replaced_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
