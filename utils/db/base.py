"""What all tables have in common: their metadata, and the types of columns on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

Json = JSON().with_variant(JSONB(), "postgresql")
Counter = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """A moment: stored in UTC, read with its time zone (SQLite drops it)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read with the zone that SQLite dropped."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class IsoTime(TypeDecorator[str]):
    """A moment as lists have it, ISO 8601 with its zone: a ``datetime`` takes thrice as long.

    For reading alone: ``type_coerce(column, IsoTime)``.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """As the database hands it out: SQLite as text."""
        is_text = dialect.name == "sqlite"
        return dialect.type_descriptor(String() if is_text else DateTime(timezone=True))

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """The same text that ``datetime.isoformat`` makes."""
        if isinstance(value, str):
            return f"{value[:10]}T{value[11:].removesuffix('.000000')}+00:00"
        return value.isoformat() if value else None


class Base(DeclarativeBase):
    """All tables but the full-text index, which is plain SQL (utils/db/fulltext.py)."""


def is_described(name: str | None, kind: str, _parents: Any) -> bool:
    """False for what databases differ in: the full-text index, the indexes of pages."""
    of_words = kind == "table" and name and name.startswith("passage_words")
    of_pages = kind == "index" and name and name.startswith("ix_page_")
    return not (of_words or of_pages)
