"""What is asked of the library, and what it answers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from pydantic import Field

from utils.models.approval import ApprovalStatus
from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.models.verdict import Band

_AROUND = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)"
                     r"(?:\s*[,;]\s*(\d{1,4}(?:\.\d+)?))?\s*")  # fmt: skip
_USUAL_KM = 10.0  # around coordinates, where nobody says how far. Chosen.


class Area(NamedTuple):
    """What lies within some kilometres of a place; degrees north and east."""

    latitude: float
    longitude: float
    kilometres: float


def area(text: str) -> Area | None:
    """``52.5,13.4`` (and ``,5`` for so many kilometres) as an area; None of a name."""
    match = _AROUND.fullmatch(text)
    if match is None:
        return None
    found = Area(float(match[1]), float(match[2]), float(match[3] or _USUAL_KM))
    return found if abs(found.latitude) <= 90 and abs(found.longitude) <= 180 else None


class SearchFilters(Frozen):
    """What an item must be to be listed or ranked at all; None asks nothing.

    ``after`` is included and ``before`` is not; both are held against the moment of capture,
    or against the moment of arrival where that is unknown. ``language`` is ISO 639-1;
    ``camera`` a part of make and model in any case. ``place``: words of its name, or an area
    (``area``); ``source``: the name or id of one that holds it; ``speaker``: the name of a voice
    in it; ``status`` as people are shown it.
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
    place: str | None = None
    source: str | None = None
    speaker: str | None = None
    status: str | None = None

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
