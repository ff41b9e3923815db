"""The tables of the pages: people, their sessions and views, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class User(Base):
    """A person. ``password_hash`` (Argon2id) is None for those whom a proxy logs in.

    ``name_key``: the name as it is compared, case folded. ``role``: viewer, editor, admin.
    ``language``, ``timezone``: None for what the browser says.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(8))
    language: Mapped[str | None] = mapped_column(String(16))
    timezone: Mapped[str | None] = mapped_column(String(64))
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class LoginSession(Base):
    """A login of a browser; of its cookie only the SHA-256 is kept.

    Of a user, or of a token of the API by which somebody logged in.
    """

    __tablename__ = "login_sessions"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    token_id: Mapped[str | None] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"))
    browser: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class AuditEntry(Base):
    """Somebody did something: kept when the user and the item are gone.

    ``actor``: the name then; ``via``: pages, api or cli; ``action``: in words of the interface,
    such as "item.forget"; ``target``: what it was done to, often an item's id.
    """

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
    actor: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(String(16))
    via: Mapped[str] = mapped_column(String(8))
    action: Mapped[str] = mapped_column(Text)
    target: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[Any | None] = mapped_column(Json)
    address: Mapped[str | None] = mapped_column(Text)


class SavedView(Base):
    """A search of the library that a person keeps: its filters and its sort, as in an address.

    ``user_id`` is None for one that all see; ``on_start``: it is shown on the start page.
    """

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    user_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    on_start: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
