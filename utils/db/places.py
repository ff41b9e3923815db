"""Where items lie: places that are dead, or that hold something else by now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from utils.db.schema import File, Item
from utils.db.session import chunks
from utils.models.item import ItemStatus

_UNDONE = tuple(
    status.value for status in ItemStatus if status not in {ItemStatus.DONE, ItemStatus.SUPERSEDED}
)


def supersede(s: Session) -> int:
    """Take items out of the queue whose every place holds something else; returns how many.

    What is done stays done, what is in work is left alone.
    """
    changed = s.scalars(
        update(Item)
        .where(*_free_and_undone(), ~exists().where(File.item_id == Item.id))
        .values(
            status=ItemStatus.SUPERSEDED.value,
            tries=0,
            error=None,
            error_class=None,
            failed_step=None,
            requested_at=None,
        )
        .returning(Item.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())


def found_again(s: Session, item_ids: Sequence[str]) -> None:
    """Have superseded items that lie somewhere again wait for their turn."""
    for chunk in chunks(item_ids):
        s.execute(
            update(Item)
            .where(Item.id.in_(chunk), Item.status == ItemStatus.SUPERSEDED.value)
            .values(status=ItemStatus.PENDING.value)
            .execution_options(synchronize_session=False)
        )


def of_undone(s: Session) -> Sequence[File]:
    """The places of items that are not done and that nobody works on, as they were seen."""
    return s.scalars(
        select(File).join(Item, Item.id == File.item_id).where(*_free_and_undone())
    ).all()


def forget(s: Session, paths: Sequence[Path]) -> None:
    """Forget places."""
    for chunk in chunks([str(path) for path in paths]):
        s.execute(delete(File).where(File.path.in_(chunk)))


def _free_and_undone() -> tuple[ColumnElement[bool], ...]:
    return Item.status.in_(_UNDONE), Item.claimed_by.is_(None)
