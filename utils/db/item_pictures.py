"""The pictures by which items are known: stills, covers, cards, drawn sound; where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from utils.db import items
from utils.db.fact_tables import Thumbnail
from utils.db.schema import Item
from utils.db.session import chunks, home_of
from utils.db.session import rows as rows_of
from utils.db.visual_tables import VisualRow
from utils.models.item import MediaKind

DRAWN = frozenset({"waveform.jpg", "spectrogram.jpg"})  # of sound, by generate_thumbnails
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STILLS = (
    select(Thumbnail.item_id, Thumbnail.path, Thumbnail.reason)
    .where(Thumbnail.item_id.in_(_IDS))
    .order_by(Thumbnail.item_id, Thumbnail.number)
)
_CARDS = (
    select(VisualRow.item_id, VisualRow.path)
    .where(VisualRow.item_id.in_(_IDS), VisualRow.kind.in_(("generated", "title_card")))
    .order_by(VisualRow.item_id, VisualRow.kind, VisualRow.aspect)
)
_IMAGES = select(Item.id).where(Item.id.in_(_IDS), Item.kind == MediaKind.IMAGE.value)


class ItemPicture(NamedTuple):
    """A picture of an item; ``is_ours``: it was made here, and is no stranger's file."""

    path: Path
    is_ours: bool = True


def has_picture() -> ColumnElement[bool]:
    """True of an item that there is something to see of; an image is shown before it was read."""
    return or_(
        Item.kind == MediaKind.IMAGE.value, exists().where(Thumbnail.item_id == Item.id)
    ).label("has_picture")


def best(s: Session, item_ids: Sequence[str]) -> dict[str, ItemPicture]:
    """The picture that stands for each of some items, of those that have one.

    A still (the one that an analysis chose, else that in the middle) or a cover; else a card that
    was made for it; else its drawn sound; of an image of which nothing was made yet, the image.
    """
    found: dict[str, ItemPicture] = {}
    for chunk in chunks(list(item_ids)):
        found |= _best(s, chunk)
    return found


def original(s: Session, item_id: str) -> ItemPicture | None:
    """The file of an item that is an image, where it lies still; None of any other."""
    if not rows_of(s, _IMAGES, ids=[item_id]).first():
        return None
    path = items.path_here(s, item_id)
    return ItemPicture(path, is_ours=False) if path else None


def _best(s: Session, item_ids: Sequence[str]) -> dict[str, ItemPicture]:
    home = home_of(s)
    stills: dict[str, list[Any]] = {}
    for row in rows_of(s, _STILLS, ids=list(item_ids)):
        stills.setdefault(row.item_id, []).append(row)
    seen: dict[str, ItemPicture] = {}
    drawn: dict[str, ItemPicture] = {}
    for item_id, rows in stills.items():
        row = next((row for row in rows if row.reason), rows[len(rows) // 2])
        kind = drawn if Path(row.path).name in DRAWN else seen
        kind[item_id] = ItemPicture(_here(home, item_id, row.path))
    if left := [one for one in item_ids if one not in seen]:
        for item_id, path in rows_of(s, _CARDS, ids=left):
            seen.setdefault(item_id, ItemPicture(home / path))  # an absolute one stays as it is
    seen = drawn | seen
    if left := [one for one in item_ids if one not in seen]:
        for (item_id,) in rows_of(s, _IMAGES, ids=left).all():
            if path_here := items.path_here(s, item_id):
                seen[item_id] = ItemPicture(path_here, is_ours=False)
    return seen


def _here(home: Path, item_id: str, path: str) -> Path:
    """A file of an item's folder in the home, wherever the home was when it was written."""
    _, is_below, rest = path.rpartition(f"/items/{item_id[:2]}/{item_id}/")
    return home / "items" / item_id[:2] / item_id / rest if is_below else Path(path)
