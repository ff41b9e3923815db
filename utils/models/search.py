"""What is asked of the library, and what it answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from utils.models.approval import ApprovalStatus
from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.models.verdict import Band


class SearchFilters(Frozen):
    """What an item must be to be listed or ranked at all; None asks nothing.

    ``after`` is included and ``before`` is not; both are held against the moment of capture,
    or against the moment of arrival where that is unknown. ``language`` is ISO 639-1;
    ``camera`` a part of make and model in any case.
    """

    kind: MediaKind | None = None
    language: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    verdict: Band | None = None
    approval: ApprovalStatus | None = None
    camera: str | None = None
    min_duration_seconds: float | None = Field(default=None, ge=0)
    max_duration_seconds: float | None = Field(default=None, ge=0)

    @property
    def is_empty(self) -> bool:
        """True if every item passes."""
        return all(value is None for value in self.model_dump().values())


class Rank(Frozen):
    """At which place, from 1, a list has an item."""

    list: str
    rank: int


class SearchHit(Frozen):
    """One answer to a query.

    ``score`` is the sum of weight / (60 + rank) over the lists in ``why``, 0 where there was no
    query; ``start_seconds`` is where the best of what was spoken begins; ``rendition`` is the path
    of the smaller file made from the item.
    """

    item_id: str
    title: str
    kind: str
    path: str
    score: float
    snippet: str
    start_seconds: float | None = None
    why: tuple[Rank, ...] = ()
    source_url: str | None = None
    rendition: str | None = None
