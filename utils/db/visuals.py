"""Pictures and films that were made for items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.schema import Item
from utils.db.session import home_of
from utils.db.visual_tables import VisualRow
from utils.models.approval import ApprovalStatus
from utils.models.item import ItemStatus
from utils.models.visuals import Visuals
from utils.storage import relative_paths

# What one step makes together: what it makes later takes the place of all of it.
_STILLS = frozenset({"title_card", "waveform", "generated"})


def save(s: Session, made: Visuals) -> None:
    """Make these the pictures of an item, or its films: what the same step made before goes."""
    kinds = {str(one.kind) for one in made.visuals}
    replaced = kinds | (_STILLS if not kinds or kinds & _STILLS else frozenset())
    since = {(row.kind, row.aspect, row.sha256): row.made_at for row in of_item(s, made.item_id)}
    s.execute(
        delete(VisualRow).where(VisualRow.item_id == made.item_id, VisualRow.kind.in_(replaced))
    )
    home = home_of(s)
    for one in made.visuals:
        facts = one.model_dump(exclude={"path", "seed"})
        seed = None if one.seed is None else str(one.seed)
        path = one.path.relative_to(home) if relative_paths.is_below(one.path, home) else one.path
        made_at = since.get((one.kind, one.aspect, one.sha256), now())  # a recalled one is older
        s.add(VisualRow(item_id=made.item_id, path=str(path), seed=seed, made_at=made_at, **facts))
    s.flush()


def of_item(s: Session, item_id: str) -> Sequence[VisualRow]:
    """All of an item, by kind and aspect."""
    rows = select(VisualRow).where(VisualRow.item_id == item_id)
    return s.scalars(rows.order_by(VisualRow.kind, VisualRow.aspect)).all()


def path_of(s: Session, row: VisualRow) -> Path:
    """Where a picture or film lies on this machine."""
    return home_of(s) / row.path  # an absolute path stays what it is


def approved_without(s: Session, limit: int) -> list[str]:
    """Items that are done, may be published, and have no pictures yet; the newest first."""
    has_some = exists().where(VisualRow.item_id == Item.id, VisualRow.kind.in_(_STILLS))
    wanted = (
        select(Item.id)
        .where(Item.status == ItemStatus.DONE.value)
        .where(Item.approval == ApprovalStatus.APPROVED.value)
        .where(~has_some)
    )
    return list(s.scalars(wanted.order_by(Item.added_at.desc(), Item.id).limit(limit)))
