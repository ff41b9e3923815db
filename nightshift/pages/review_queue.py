"""Which part of what waits somebody reviews: by filters, or the items that they chose."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.orm import Session

from nightshift.api.listing import Filters
from utils.db import review_queue, reviews
from utils.db.review_queue import QueueRow
from utils.models.search import SearchFilters

FIELDS = (
    "kind", "language", "verdict", "camera", "after", "before", "min_duration", "max_duration",
)  # fmt: skip
BEFORE, AFTER = 10, 40  # items that the list shows around the one that is open; chosen
_MOST_CHOSEN = 500
_LONGEST = 200  # characters of a filter or an id
_NAMED = {"min_duration": "min_duration_seconds", "max_duration": "max_duration_seconds"}


class Queue(NamedTuple):
    """What was asked for: ``given`` as it stands in the address, for the next one.

    ``at``: the item that is to be shown; ``items``: those that were chosen, instead of filters.
    """

    filters: SearchFilters
    given: dict[str, str]
    items: tuple[str, ...]
    at: str | None

    @property
    def number(self) -> int:
        """How many filters are set."""
        return sum(bool(text) for text in self.given.values())

    def place(self, at: str | None = None, page: str = "/review", **more: Any) -> str:
        """A path of ours that asks for the same, at an item."""
        filters = [(name, text) for name, text in self.given.items() if text]
        asked = [*filters, *(("item", one) for one in self.items)]
        asked += [("at", at)] if at else []
        query = urlencode([*asked, *more.items()], quote_via=quote)
        return page + (f"?{query}" if query else "")

    def rows(self, s: Session) -> list[QueueRow]:
        """What the list shows."""
        if self.items:
            return review_queue.chosen(s, self.items)
        return review_queue.around(s, self.filters, self.at, BEFORE, AFTER)

    def left(self, s: Session, rows: list[QueueRow]) -> int:
        """How many wait, of all that was asked for."""
        if self.items:
            return sum(row.waits for row in rows)
        return reviews.count_waiting(s, self.filters)


def asked(request: Request) -> Queue:
    """The queue that an address asks for; empty fields of its form ask for nothing.

    Raises:
        RequestValidationError: a filter is of no such kind.
    """
    query = request.query_params
    items = tuple(query.getlist("item"))
    if len(items) > _MOST_CHOSEN or any(len(one) > _LONGEST for one in query.values()):
        raise HTTPException(422)
    given = {name: query.get(name, "").strip() for name in FIELDS}
    put = {_NAMED.get(name, name): text for name, text in given.items() if text}
    try:
        chosen = Filters.model_validate(put).chosen()
    except ValidationError as error:
        told = [one | {"loc": ("query", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(told) from None
    return Queue(chosen, given, items, query.get("at"))
