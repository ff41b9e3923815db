"""What targets may use of a day, over all processes."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from utils.db import flags, locks
from utils.db.publication_tables import PublicationRow as Row
from utils.errors import DeferredError


def reserve(s: Session, name: str, units: int, most: int) -> int:
    """Take units of what a target may use under ``name`` (its day); returns what is used then.

    Raises:
        DeferredError: they do not fit.
    """
    locks.wait_for(s, locks.PUBLISHING)
    s.execute(delete(Row).where(Row.id < 0))  # SQLite: the only writer's place, before it looks
    flag = flags.get(s, name)
    used = int(flag.value["used"]) if flag else 0
    if used + units > most:
        raise DeferredError(f"{used:,} of {most:,} units of its day are used, {units:,} are needed")
    flags.put(s, name, {"used": used + units})
    return used + units
