"""The morning report's section on review: what waits for a person, and why."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import reviews
from utils.models.search import SearchFilters

HEAD = ("item", "score", "why")
_MOST = 20  # rows that are shown; chosen


class Line(NamedTuple):
    """An item that waits: what it is known by, its score, and why it waits."""

    item: str
    score: str
    why: str


class Waiting(NamedTuple):
    """The items that wait longest, and how many there are."""

    lines: tuple[Line, ...]
    total: int

    @property
    def sentence(self) -> str:
        """What to do about it, for people."""
        what = "1 item waits" if self.total == 1 else f"{self.total:,} items wait"
        return f"{what} for your review: nightshift review"


def of_library(s: Session, most: int = _MOST) -> Waiting | None:
    """What waits now; None where nothing does."""
    total = reviews.count_waiting(s, SearchFilters())
    if not total:
        return None
    lines = [
        Line(
            f"{row.id[:10]} {row.title}",
            f"{row.approval_score:.2f}" if row.approval_score is not None else "–",
            row.approval_reason or "",
        )
        for row in reviews.waiting(s, SearchFilters(), most)
    ]
    return Waiting(tuple(lines), total)
