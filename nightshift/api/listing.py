"""What lists share: filters in the query, pages by cursor."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Path as InPath
from fastapi import Request, Response
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

from utils.config import load_settings
from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.models.pages import LONGEST_CURSOR, Place, cursor
from utils.models.search import SearchFilters
from utils.models.verdict import Band

T = TypeVar("T")
MOST = 200  # rows of a page
_JSON = TypeAdapter(dict[str, Any])
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

ItemId = Annotated[
    str,
    InPath(
        pattern="^[0-9a-fA-F]{4,64}$",
        description="The item's checksum, or a beginning of it that no other has.",
    ),
]
GivenId = Annotated[
    str, Field(pattern="^[0-9a-fA-F]{4,64}$", description="A checksum, or its beginning.")
]
Cursor = Annotated[
    str | None,
    Field(max_length=LONGEST_CURSOR, description="`next_cursor` of the page before, if any."),
]
Limit = Annotated[int, Field(ge=1, le=MOST, description="Rows of a page.")]


def _moment(moment: datetime) -> datetime:
    """The moment with its zone, as databases take it."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(load_settings().timezone))
    try:
        return zoned.astimezone(UTC)
    except OverflowError:
        raise ValueError("no calendar has this day in UTC") from None


def _date(value: object) -> object:
    """A moment as people write it; seconds since 1970 would be taken, too."""
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("it is no date such as 2026-01-31 or 2026-01-31T20:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_date), AfterValidator(_moment)]


class Filters(Frozen):
    """What an item must be; nothing is asked of what is left out."""

    kind: MediaKind | None = None
    language: str | None = Field(
        None,
        pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$",
        description="As BCP 47, such as de.",
    )
    after: Moment | None = Field(
        None, description="Captured (or else added) then or later; in the zone of the settings."
    )
    before: Moment | None = Field(None, description="Captured (or else added) earlier.")
    verdict: Band | None = None
    camera: str | None = Field(
        None, min_length=1, max_length=100, description="A part of its make and model."
    )
    min_duration_seconds: float | None = Field(None, ge=0, le=1e9)
    max_duration_seconds: float | None = Field(None, ge=0, le=1e9)
    place: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="How a place's name begins, or LATITUDE,LONGITUDE and KILOMETRES around it.",
    )
    source: str | None = Field(
        None, min_length=1, max_length=200, description="The name of a source that holds it."
    )
    speaker: str | None = Field(
        None, min_length=1, max_length=200, description="The name of a voice in it."
    )

    def chosen(self) -> SearchFilters:
        """The same as the library has it."""
        return SearchFilters(**self.model_dump(include=set(SearchFilters.model_fields)))


class Page(Frozen, Generic[T]):
    """Some rows of a list, and where it goes on."""

    items: tuple[T, ...]
    next_cursor: str | None = Field(description="`cursor` of the next page; null behind the last.")
    next: str | None = Field(description="The address of the next page; null behind the last.")


def page(request: Request, rows: Any, sort: str, behind: Place | None) -> Response:
    """A page of rows as the answer has it."""
    made = address = None
    if behind is not None:
        made = cursor(sort, behind)
        query = [one for one in request.query_params.multi_items() if one[0] != "cursor"]
        address = f"{request.url.path}?{urlencode([*query, ('cursor', made)])}"
    return answer({"items": rows, "next_cursor": made, "next": address})


def answer(document: Any) -> Response:
    """A document that has its form already: looking at it again would take longer than making it.

    A test holds it against the model that the OpenAPI document names.
    """
    return Response(_JSON.dump_json(document), media_type="application/json")


def _plus(value: object) -> object:
    """``+added`` is ``added``; in an address + is a blank."""
    return value[1:] if isinstance(value, str) and value[:1] in {"+", " "} else value


Ascending = BeforeValidator(_plus)


def whole(value: object) -> object:
    """A number of a JSON body; in text it would be taken, too."""
    if isinstance(value, str | bool):
        raise ValueError("it is no number")
    return value
