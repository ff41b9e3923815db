"""Pictures and films that were made for items."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utils.db.visual_tables import VisualRow
from utils.models.visuals import Visuals


def save(s: Session, made: Visuals) -> None:
    """Make these the pictures of an item: one a kind and an aspect ratio; other kinds stay."""
    kinds = {one.kind for one in made.visuals}
    s.execute(delete(VisualRow).where(VisualRow.item_id == made.item_id, VisualRow.kind.in_(kinds)))
    for one in made.visuals:
        facts = one.model_dump(exclude={"path", "seed", "warnings"})
        seed = None if one.seed is None else str(one.seed)
        s.add(VisualRow(item_id=made.item_id, path=str(one.path), seed=seed, **facts))
    s.flush()


def of_item(s: Session, item_id: str) -> Sequence[VisualRow]:
    """All of an item, by kind and aspect."""
    rows = select(VisualRow).where(VisualRow.item_id == item_id)
    return s.scalars(rows.order_by(VisualRow.kind, VisualRow.aspect)).all()
