"""Who did what: noted, listed, pruned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
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


def latest(
    s: Session,
    limit: int,
    before: int | None = None,
    actor: str | None = None,
    action: str | None = None,
) -> Sequence[AuditEntry]:
    """The latest entries, the last first.

    Args:
        s: The session.
        limit: So many at most.
        before: Those with lower numbers.
        actor: Those of whoever has this name.
        action: Those whose action begins so.
    """
    found = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        found = found.where(AuditEntry.id < before)
    if actor:
        found = found.where(AuditEntry.actor == actor)
    if action:
        found = found.where(AuditEntry.action.startswith(action, autoescape=True))
    return s.scalars(found).all()


def actors(s: Session) -> Sequence[str]:
    """The names of all who did something."""
    return s.scalars(select(AuditEntry.actor).distinct().order_by(AuditEntry.actor)).all()


def actions(s: Session) -> Sequence[str]:
    """What was done, each kind once."""
    return s.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)).all()


def prune(s: Session, before: datetime, dry_run: bool) -> int:
    """Forget the entries from before a moment; returns how many."""
    old = AuditEntry.at < before
    if dry_run:
        return s.scalar(select(func.count()).select_from(AuditEntry).where(old)) or 0
    return s.connection().execute(delete(AuditEntry).where(old)).rowcount


def document(row: AuditEntry) -> dict[str, Any]:
    """An entry as JSON."""
    return {
        "id": row.id, "at": row.at.isoformat(), "actor": row.actor, "via": row.via,
        "action": row.action, "target": row.target, "detail": row.detail, "address": row.address,
    }  # fmt: skip
