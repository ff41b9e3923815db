"""Flags: what all processes are told through the database, such as a pause."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.schema import Flag
from utils.db.session import upsert

PAUSED = "paused"
DATABASE = "database"


def put(s: Session, name: str, value: Any) -> None:
    """Set a flag, or set it anew."""
    facts = {"value": value, "set_at": now()}
    s.execute(
        upsert(s)(Flag)
        .values(name=name, **facts)
        .on_conflict_do_update(index_elements=[Flag.name], set_=facts)
    )


def get(s: Session, name: str) -> Flag | None:
    """A flag with its value and the moment that it was set; None if it is not."""
    return s.get(Flag, name)


def why_paused(s: Session) -> str | None:
    """Why nothing may start now, with the remedy; None if nobody has paused the shifts."""
    flag = get(s, PAUSED)
    if flag is None:
        return None
    return ": ".join(filter(None, ("paused", flag.value["reason"]))) + " (`nightshift resume`)"


def remove(s: Session, name: str) -> Flag | None:
    """Remove a flag; returns it as it was, None if it was not set."""
    row = s.get(Flag, name)
    if row is not None:
        s.delete(row)
        s.flush()
    return row


def database_id(s: Session) -> str:
    """What tells this database from all others that use the same servers; made when first asked."""
    made = upsert(s)(Flag).values(name=DATABASE, value=uuid.uuid4().hex, set_at=now())
    if (known := get(s, DATABASE)) is None:
        s.execute(made.on_conflict_do_nothing(index_elements=[Flag.name]))
        known = s.get_one(Flag, DATABASE)
    return str(known.value)
