"""Uploads: begun, found again, come whole, expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import locks
from utils.db.session import chunks
from utils.db.upload_tables import Upload
from utils.errors import ThrottledError

_FULL_SECONDS = 60.0  # who has too many open may ask again then; chosen


class Arrived(NamedTuple):
    """What came: its SHA-256, its size, and whether the same lay in the inbox already."""

    item_id: str
    size_bytes: int
    was_there: bool


def begin(s: Session, upload: Upload, most: int) -> int:
    """Note an upload; returns the bytes that all open ones together were said to have.

    Raises:
        ThrottledError: its owner has ``most`` open ones already.
    """
    locks.wait_for(s, locks.UPLOADS)
    is_open = (Upload.completed_at.is_(None), Upload.expires_at > now())
    mine = select(func.count()).select_from(Upload).where(*is_open, Upload.owner == upload.owner)
    if (s.scalar(mine) or 0) >= most:
        raise ThrottledError(
            f"This token has {most} uploads open. Finish one, or end it by DELETE.", _FULL_SECONDS
        )
    s.add(upload)
    s.flush()
    return int(s.scalar(select(func.sum(Upload.size_bytes)).where(*is_open)) or 0)


def find(s: Session, upload_id: str, owner: str | None) -> Upload | None:
    """The upload of this id, if it is ``owner``'s; anybody's where that is None."""
    found = s.get(Upload, upload_id)
    return found if found and owner in {None, found.owner} else None


def latest(s: Session, owner: str | None, limit: int) -> Sequence[Upload]:
    """The uploads of ``owner`` (of all if None), the latest first."""
    query = select(Upload).order_by(Upload.created_at.desc(), Upload.id).limit(limit)
    return s.scalars(query.where(Upload.owner == owner) if owner else query).all()


def count_whole(s: Session) -> int:
    """How many files came whole that were not there before."""
    whole = (Upload.completed_at.is_not(None), Upload.was_there.is_(False))
    return s.scalar(select(func.count()).select_from(Upload).where(*whole)) or 0


def keep_open(s: Session, upload_id: str, hours: float, unverified_from: int | None) -> None:
    """Move the end of an upload on, and note from where on nothing is proven."""
    later = now() + timedelta(hours=hours)
    values = {"expires_at": later, "unverified_from": unverified_from}
    s.execute(update(Upload).where(Upload.id == upload_id).values(values))


def will_land(s: Session, upload_id: str, path: Path, item_id: str) -> None:
    """Note where an upload is about to get its name, so that it is recognised there."""
    values = {"landed": str(path), "item_id": item_id}
    s.execute(update(Upload).where(Upload.id == upload_id).values(values))


def complete(s: Session, upload_id: str, landed: Path, facts: Arrived) -> None:
    """Note that an upload lies whole at ``landed``."""
    values = {
        "landed": str(landed), "completed_at": now(), "unverified_from": None, **facts._asdict(),
    }  # fmt: skip
    s.execute(update(Upload).where(Upload.id == upload_id).values(values))


def places_of(s: Session, item_id: str) -> list[Path]:
    """Where uploads of this content landed, or were about to."""
    rows = select(Upload.landed).where(Upload.item_id == item_id, Upload.landed.is_not(None))
    return [Path(place) for place in s.scalars(rows.order_by(Upload.created_at)) if place]


def remove(s: Session, upload_id: str) -> None:
    """Forget an upload."""
    s.execute(delete(Upload).where(Upload.id == upload_id))


def expired(s: Session, completed_before: datetime) -> Sequence[Upload]:
    """Uploads that nothing came for in time, and those that came whole before a moment."""
    is_late = Upload.completed_at.is_(None) & (Upload.expires_at <= now())
    return s.scalars(select(Upload).where(is_late | (Upload.completed_at < completed_before))).all()


def known(s: Session, upload_ids: Sequence[str]) -> set[str]:
    """Those of these ids that uploads have."""
    return {
        upload_id
        for chunk in chunks(upload_ids)
        for upload_id in s.scalars(select(Upload.id).where(Upload.id.in_(chunk)))
    }
