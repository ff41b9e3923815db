"""Requests that create something, by the key that their client gave them: each is done once.

A row without a status is a request in work; one that is in work for long belongs to a process
that died, and its key may be used again. What was answered is kept for a day.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.access_tables import IdempotencyKey
from utils.db.session import upsert

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=2)  # no request takes so long. Chosen.


class Begun(Enum):
    """What is to be done with a request."""

    NEW = "new"
    IN_WORK = "in work"
    OTHER = "other"  # the key was used for another request


def begin(s: Session, owner: str, key: str, fingerprint: str) -> Begun | tuple[int, Any]:
    """Note that a request is in work; or the status and the answer that it had before."""
    moment = now()
    _forget(s, IdempotencyKey.created_at < moment - KEPT)
    mine = (IdempotencyKey.owner == owner) & (IdempotencyKey.key == key)
    old = or_(IdempotencyKey.created_at < moment - ABANDONED,
              IdempotencyKey.created_at > moment + ABANDONED)  # fmt: skip
    _forget(s, mine & IdempotencyKey.status.is_(None) & old)
    row = upsert(s)(IdempotencyKey).values(
        owner=owner, key=key, fingerprint=fingerprint, created_at=moment
    )
    written = s.execute(row.on_conflict_do_nothing().returning(IdempotencyKey.key))
    if written.first() is not None:
        return Begun.NEW
    known = s.get_one(IdempotencyKey, (owner, key))
    if known.fingerprint != fingerprint:
        return Begun.OTHER
    return Begun.IN_WORK if known.status is None else (known.status, known.answer)


def finish(s: Session, owner: str, key: str, status: int, answer: Any) -> None:
    """Keep what a request was answered."""
    mine = (IdempotencyKey.owner == owner) & (IdempotencyKey.key == key)
    s.execute(update(IdempotencyKey).where(mine).values(status=status, answer=answer))


def release(s: Session, owner: str, key: str) -> None:
    """Forget a request that created nothing: it may be made again."""
    _forget(s, (IdempotencyKey.owner == owner) & (IdempotencyKey.key == key))


def _forget(s: Session, which: Any) -> None:
    s.execute(delete(IdempotencyKey).where(which).execution_options(synchronize_session=False))
