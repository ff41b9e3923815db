"""Earlier decisions, found again by what they were about."""

from __future__ import annotations

from utils.config import Settings


def remember(review_id: int, settings: Settings) -> None:
    """Have a decision be found."""


def forget(review_id: int, settings: Settings) -> None:
    """Have a decision be found no more."""
