"""The tables of items, runs and the ledger; changes come with a migration.

What is known of an item has tables of its own (utils/db/fact_tables.py). One schema for SQLite
and Postgres.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class Item(Base):
    """A media file by its content, its status, and what is known of it.

    ``status`` is what became of it; ``claimed_by`` the worker that works on it now,
    ``failed_step`` the step that raised its ``error``, ``lacks`` what it is without though it is
    done (``Lack``), ``requested_at`` when a person last asked for it. ``ruling`` is what the
    rules said of it last (``Ruling``); ``priority`` (1 high, -1 low) and ``queue`` come from there.
    ``approval``: whether it may be published (``ApprovalStatus``), by a person's decision where
    there is one, else by rules and critic; ``approval_score`` is theirs in any case.
    ``requested_changes``: options that people asked for in revisions that stand, by names with
    dots; null where nobody did.
    """

    __tablename__ = "items"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    source_url: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), index=True)
    done_key: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error_class: Mapped[str | None] = mapped_column(String(40))
    failed_step: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    lacks: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    claimed_by: Mapped[str | None] = mapped_column(String(64), index=True)
    requested_at: Mapped[datetime | None] = mapped_column(UtcTime)
    added_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    processed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    language: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(String(8))
    score: Mapped[float | None] = mapped_column(Float)
    summary: Mapped[str | None] = mapped_column(Text)
    captured_at: Mapped[datetime | None] = mapped_column(UtcTime)
    captured_at_offset_minutes: Mapped[int | None] = mapped_column(Integer)
    captured_at_source: Mapped[str | None] = mapped_column(Text)
    camera_make: Mapped[str | None] = mapped_column(Text)
    camera_model: Mapped[str | None] = mapped_column(Text)
    lens: Mapped[str | None] = mapped_column(Text)
    focal_length_mm: Mapped[float | None] = mapped_column(Float)
    width: Mapped[int | None] = mapped_column(BigInteger)
    height: Mapped[int | None] = mapped_column(BigInteger)
    frame_rate: Mapped[float | None] = mapped_column(Float)
    video_codec: Mapped[str | None] = mapped_column(Text)
    audio_codec: Mapped[str | None] = mapped_column(Text)
    hdr_format: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    rating: Mapped[int | None] = mapped_column(Integer)
    priority: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    queue: Mapped[str | None] = mapped_column(String(16))
    ruling: Mapped[Any | None] = mapped_column(Json)
    approval: Mapped[str | None] = mapped_column(String(8), index=True)
    approval_score: Mapped[float | None] = mapped_column(Float)
    approval_reason: Mapped[str | None] = mapped_column(Text)
    requested_changes: Mapped[Any | None] = mapped_column(Json)


class File(Base):
    """A path that held an item when it was last looked at."""

    __tablename__ = "files"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[str] = mapped_column(String(24))
    seen_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ExecutionStatus(StrEnum):
    """What became of an execution; ``lost``: its process was killed meanwhile."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"
    LOST = "lost"


class Execution(Base):
    """The ledger: one row for each execution of a step.

    ``used_at``: made or recalled last; ``inputs``: what its key was made of; ``cause``: why it
    was executed and not recalled.
    """

    __tablename__ = "executions"
    __table_args__ = (Index("ix_executions_key", "key", "status"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64), index=True)
    step: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str | None] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    error_class: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    bytes_written: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[Any | None] = mapped_column(Json)
    inputs: Mapped[Any | None] = mapped_column(Json)
    cause: Mapped[str | None] = mapped_column(Text)


class Run(Base):
    """One run over many items.

    ``left_over``: items that it did not get to, for the ``reason`` (the window closed, the disk
    was full). ``left_out``: how many files of each suffix its folders held that are no media.
    ``source_id``: the source that it looked into, because of ``trigger``; ``metrics``: what it
    found there (``IngestionMetrics``).
    """

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    flow: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    report: Mapped[str | None] = mapped_column(Text)
    left_over: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    reason: Mapped[str | None] = mapped_column(Text)
    left_out: Mapped[Any] = mapped_column(Json, default=dict, server_default="{}")
    source_id: Mapped[str | None] = mapped_column(String(32), index=True)
    trigger: Mapped[str | None] = mapped_column(String(12))
    metrics: Mapped[Any | None] = mapped_column(Json)


class Worker(Base):
    """A process that works on items: what it has claimed is its own while it is alive.

    On its own machine (``host``) the lock on the file ``lock`` says whether it lives, elsewhere
    ``alive_until`` does, which its heartbeat moves on (utils/db/workers.py). ``progress``: how far
    it is (utils/observability/told.py); null until it says so.
    """

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(String(64), index=True)
    host: Mapped[str] = mapped_column(Text)
    lock: Mapped[str] = mapped_column(Text)
    alive_until: Mapped[datetime] = mapped_column(UtcTime)
    progress: Mapped[Any | None] = mapped_column(Json)


class Lease(Base):
    """A name that only one worker has at a time: a source, an entry of a site."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    worker: Mapped[str] = mapped_column(String(64), index=True)


class Flag(Base):
    """What all processes are told: a pause, a lane that a service has slowed down."""

    __tablename__ = "flags"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    set_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class RunItem(Base):
    """What a run did with one location."""

    __tablename__ = "run_items"

    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(Text)
    item_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(8))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    step: Mapped[str | None] = mapped_column(String(40))
    verdict: Mapped[str | None] = mapped_column(String(8))
    score: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(Text)
    lacks: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")


class Address(Base):
    """An address that could not be listed (``entry`` is null) or fetched; it goes once it was.

    Its ``status``, ``tries`` and the rest are those of an item. ``refusal``: why its site does not
    give it (``Refusal``); ``absent_since``: its listing has lacked or hidden it since then;
    ``next_look_at``: it is asked for again by itself, though it is quarantined.
    """

    __tablename__ = "addresses"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    url: Mapped[str] = mapped_column(Text, index=True)
    title: Mapped[str | None] = mapped_column(Text)
    entry: Mapped[Any | None] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(16), index=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error_class: Mapped[str | None] = mapped_column(String(40))
    failed_step: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime | None] = mapped_column(UtcTime)
    added_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    refusal: Mapped[str | None] = mapped_column(String(16))
    absent_since: Mapped[datetime | None] = mapped_column(UtcTime)
    next_look_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Download(Base):
    """A download that was verified: it is not fetched again; ``source`` is where it was listed."""

    __tablename__ = "downloads"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    url: Mapped[str] = mapped_column(Text, index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"))
    added_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    source: Mapped[str | None] = mapped_column(Text)


class ForgottenItem(Base):
    """An item that a person had forgotten: its content is not taken again unless asked for."""

    __tablename__ = "forgotten_items"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    forgotten_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ForgottenPlace(Base):
    """Where a forgotten item was: a path as it was seen, or the key of a download without more."""

    __tablename__ = "forgotten_places"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[str] = mapped_column(
        ForeignKey("forgotten_items.id", ondelete="CASCADE"), index=True
    )
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    modified_ns: Mapped[int | None] = mapped_column(BigInteger)
    inode: Mapped[str | None] = mapped_column(String(24))


class Spending(Base):
    """Money for one call of a paid service: reserved before it, settled or released after it."""

    __tablename__ = "spending"

    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    run_id: Mapped[str] = mapped_column(String(64), index=True)
    item_id: Mapped[str] = mapped_column(String(64), index=True)
    step: Mapped[str] = mapped_column(String(40))
    engine: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(8))
    reserved_tokens: Mapped[int] = mapped_column(BigInteger)
    reserved_microusd: Mapped[int | None] = mapped_column(BigInteger)
    actual_tokens: Mapped[int | None] = mapped_column(BigInteger)
    actual_microusd: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class FingerprintRow(Base):
    """The fingerprints of an item; ``document`` is the ``Fingerprint``."""

    __tablename__ = "fingerprints"

    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), unique=True)
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    document: Mapped[Any] = mapped_column(Json)


class FingerprintTerm(Base):
    """A piece of a fingerprint, by which those that share it are found.

    No foreign key: it would need a second index as large as the table. A term whose fingerprint
    is gone finds nothing.
    """

    __tablename__ = "fingerprint_terms"
    __table_args__ = ({"sqlite_with_rowid": False},)

    term: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    fingerprint_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class DuplicatePair(Base):
    """Two items that are alike, or that a person compared; ``first_id`` < ``second_id``."""

    __tablename__ = "duplicate_pairs"

    first_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True
    )
    second_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    score: Mapped[float] = mapped_column(Float)
    evidence: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    decision: Mapped[str | None] = mapped_column(String(9))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
