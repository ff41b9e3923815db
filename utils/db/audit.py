"""Who did what: noted, listed, pruned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.db.page_tables import AuditEntry
from utils.db.words import clean


class Actor(NamedTuple):
    """Who does something, through which door, from where."""

    name: str
    id: str | None
    via: str
    address: str | None = None


def note(
    s: Session,
    actor: Actor,
    action: str,
    target: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Note in the caller's transaction that somebody did something; no secret may be in it."""
    s.add(
        AuditEntry(
            actor=clean(actor.name), actor_id=actor.id, via=actor.via, address=actor.address,
            action=action, target=clean(target) if target else None, detail=detail,
        )
    )  # fmt: skip


def latest(s: Session, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
    """The latest entries, the last first; ``before``: those with lower numbers."""
    found = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    return s.scalars(found if before is None else found.where(AuditEntry.id < before)).all()
