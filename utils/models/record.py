"""What an item's own row says of it."""

from __future__ import annotations

from utils.models.base import Frozen


class ItemRecord(Frozen):
    """The facts by which items are listed, filtered and shown."""

    item_id: str
    kind: str
    title: str
    duration_seconds: float | None = None
    language: str | None = None
    verdict: str | None = None
    score: float | None = None
    summary: str | None = None
