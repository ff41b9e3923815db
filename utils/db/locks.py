"""Postgres's advisory locks: who may do one thing at a time, held until the transaction ends.

Their numbers stand here and nowhere else: everything that uses a database shares them. SQLite
has one writer at a time and needs none.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

MIGRATIONS, SPENDING, FINGERPRINTS, WORKS = 73110, 73111, 73112, 73113
UPLOADS = 73124
PLAYS = 73129
PUBLISHING = 73133
USERS = 73134


def wait_for(connection: Session | Connection, number: int) -> None:
    """Wait until no other transaction holds the lock ``number``, then hold it."""
    if isinstance(connection, Session):
        connection = connection.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
