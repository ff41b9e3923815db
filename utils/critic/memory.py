"""Decisions of people on items like this one."""

from __future__ import annotations

from utils.config import Settings
from utils.models.approval import Precedent, Subject


def similar(
    item_id: str, subject: Subject, settings: Settings, limit: int = 5
) -> tuple[Precedent, ...]:
    """Decisions on the most similar items, the most similar first."""
    return ()
