"""Where an item came from: the addresses it was fetched from, the objects that held it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.db.schema import Download
from utils.db.source_tables import SourceFile, SourceFileVersion


def downloads_of(s: Session, item_id: str) -> Sequence[Download]:
    """The verified downloads that brought an item, the first first."""
    rows = select(Download).where(Download.item_id == item_id).order_by(Download.added_at)
    return s.scalars(rows).all()


def objects_of(s: Session, item_id: str) -> Sequence[SourceFile]:
    """The objects of sources that hold an item now."""
    rows = select(SourceFile).where(SourceFile.item_id == item_id)
    return s.scalars(rows.order_by(SourceFile.source_id, SourceFile.key)).all()


def former_objects_of(s: Session, item_id: str) -> Sequence[SourceFileVersion]:
    """The objects of sources that held an item before they were replaced."""
    rows = select(SourceFileVersion).where(SourceFileVersion.item_id == item_id)
    return s.scalars(rows.order_by(SourceFileVersion.source_id, SourceFileVersion.key)).all()
