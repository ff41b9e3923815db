"""Rows of a history that are no play: kept with their reason, each once, and shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import RejectRow
from utils.db.session import chunks, upsert
from utils.models.music import Origin, Service


class Reject(NamedTuple):
    """A row that is no play: where it stands in which file, why, and what it says.

    ``row`` is fit to keep (utils.models.sanitize) and without what is never kept.
    """

    account: str
    service: Service
    origin: Origin
    place: str
    reason: str
    row: Any

    @property
    def key(self) -> str:
        """SHA-256 of account, service and row: the same row in two files is one reject."""
        said = json.dumps(self.row, sort_keys=True, default=str)
        return hashlib.sha256(f"{self.account}\n{self.service}\n{said}".encode()).hexdigest()


def reject(s: Session, rejects: Sequence[Reject]) -> int:
    """Keep rejects; returns how many were new."""
    rows = {
        one.key: {**one._asdict(), "key": one.key, "service": one.service.value,
                  "origin": one.origin.value, "added_at": now()}
        for one in rejects
    }  # fmt: skip
    new = 0
    insert = upsert(s)(RejectRow).on_conflict_do_nothing(index_elements=[RejectRow.key])
    for some in chunks([rows[key] for key in sorted(rows)]):
        added = s.connection().execute(insert.returning(RejectRow.key), list(some))
        new += len(added.scalars().all())
    return new


def taken(s: Session, keys: Iterable[str]) -> int:
    """Delete rejects whose rows are valid plays by now, such as those that were in the future."""
    gone = 0
    for some in chunks(list(keys)):
        done = s.execute(delete(RejectRow).where(RejectRow.key.in_(some)))
        gone += done.rowcount  # type: ignore[attr-defined]
    return gone


def newest(s: Session, limit: int | None) -> list[RejectRow]:
    """The rejects that came last; all of them where there is no limit."""
    return list(s.scalars(select(RejectRow).order_by(RejectRow.id.desc()).limit(limit)))


def number(s: Session) -> int:
    """How many there are."""
    return s.scalar(select(func.count()).select_from(RejectRow)) or 0


def oldest(s: Session, reason: str) -> datetime | None:
    """When the oldest reject of a reason came; None if there is none."""
    return s.scalar(select(func.min(RejectRow.added_at)).where(RejectRow.reason == reason))


def by_reason(s: Session) -> dict[str, int]:
    """How many rejects there are of each reason, the commonest first."""
    count = func.count()
    query = select(RejectRow.reason, count).group_by(RejectRow.reason).order_by(count.desc())
    return {row[0]: row[1] for row in s.execute(query)}
