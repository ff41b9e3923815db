"""What is published of an item: its package, out of the database."""

from __future__ import annotations

from utils.config import Settings
from utils.models.publishing import Package


def of(item_id: str, settings: Settings) -> Package:
    """The package of an item as it is now."""
    raise NotImplementedError
