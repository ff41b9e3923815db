"""The filters of the library and of the search as addresses hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import Field, ValidationError

from nightshift.api.listing import Filters
from nightshift.pages.rendering import zone_of
from nightshift.pages.viewer import Viewer
from utils.models.approval import ApprovalStatus
from utils.models.item import ItemStatus
from utils.models.pages import LONGEST_CURSOR, ItemSort
from utils.models.search import SearchFilters

# In the order in which they are shown.
NAMES = (
    "kind", "language", "after", "before", "verdict", "approval", "status", "camera", "place",
    "source", "speaker", "min_duration", "max_duration",
)  # fmt: skip
_LENGTH = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST = 300  # characters of a value


class _Given(Filters):
    """All that a page of the library may be asked for."""

    status: ItemStatus | Literal["processing"] | None = None
    approval: ApprovalStatus | None = None
    sort: ItemSort = "-added"
    layout: Literal["grid", "list"] = "grid"
    cursor: str | None = Field(None, max_length=LONGEST_CURSOR)
    until: str | None = Field(None, max_length=LONGEST_CURSOR)


class Asked(NamedTuple):
    """What an address asks for.

    ``active``: the filters as they stand in the address; ``unknown``: the names and values of
    those that are none, without which the rest holds.
    """

    filters: SearchFilters
    active: dict[str, str]
    unknown: dict[str, str]
    sort: ItemSort
    layout: str
    cursor: str | None
    until: str | None


def asked(request: Request, viewer: Viewer | None) -> Asked:
    """What the address of a request asks for; days are meant in the viewer's zone."""
    return of_query(request.query_params, request, viewer)


def of_query(query: Mapping[str, str], request: Request, viewer: Viewer | None) -> Asked:
    """The same of another query than the request's own, such as that of a saved view."""
    given = {name: value for name, value in query.items() if value.strip()}
    wanted = {name: given[name] for name in (*NAMES, "sort", "layout", "cursor", "until")
              if name in given}  # fmt: skip
    zone = zone_of(request, viewer)
    unknown = _unknown(wanted, zone)
    left = {name: value for name, value in wanted.items() if name not in unknown}
    found = _Given.model_validate(_translated(left, zone))
    active = {name: left[name] for name in NAMES if name in left}
    shown = {name: value[:_LONGEST] for name, value in unknown.items()}
    return Asked(found.chosen(), active, shown, found.sort, found.layout, found.cursor, found.until)


def has_blanks(request: Request) -> bool:
    """True of an address that a form made, with fields that nobody filled in."""
    return any(not value.strip() for _, value in request.query_params.multi_items())


def _unknown(wanted: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """What is none of the values that there may be; each is looked at by itself."""
    try:
        _Given.model_validate(_translated(wanted, zone))
    except ValidationError as error:
        wrong = {str(one["loc"][0]).removesuffix("_seconds") for one in error.errors()}
        return {name: wanted[name] for name in wrong}
    return {}


def _translated(given: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """The same named as the API names it: lengths in seconds, days as moments."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in {"after", "before"}:
            found[name] = _begin(value, zone)
        elif name in {"min_duration", "max_duration"}:
            found[f"{name}_seconds"] = _seconds(value)
        else:
            found[name] = value.strip()
    return found


def _seconds(value: str) -> str | int:
    """A length as players show it, in seconds; a number stays one."""
    match = _LENGTH.fullmatch(value.strip())
    if match is None:
        return value.strip()
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])


def _begin(value: str, zone: ZoneInfo) -> str:
    """The moment at which a day begins in a zone; what is no day stays as it is."""
    if _DAY.fullmatch(value.strip()) is None:
        return value.strip()
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        return value
    return datetime.combine(day, time(), zone).isoformat()
