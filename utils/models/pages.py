"""Pages of a long list: in which order, and where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Literal, NamedTuple

from utils.errors import UsageError

ItemSort = Literal[
    "added", "-added", "captured", "-captured", "title", "-title",
    "duration", "-duration", "size", "-size", "score", "-score",
]  # fmt: skip
LONGEST_CURSOR = 2_000  # characters: of a title it holds the first 200 (utils/db/pages.py)


class Place(NamedTuple):
    """The row that a page begins behind: what the list is sorted by there, and its id."""

    value: str | float
    row_id: str


class CursorError(UsageError):
    """What was given as a cursor is none of this list."""


def cursor(sort: str, place: Place) -> str:
    """A place as clients carry it along, without looking into it."""
    plain = json.dumps([sort, *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def place(text: str, sort: str) -> Place:
    """Where a page of a list that is sorted so begins.

    Raises:
        CursorError: it is no cursor, or that of another order.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        made_for, value, row_id = json.loads(base64.b64decode(padded, b"-_", validate=True))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (isinstance(value, str) or is_number) or not isinstance(row_id, str):
            raise ValueError
        if abs(value) > 2**62 if is_number else "\0" in value + row_id:
            raise ValueError
        f"{value}{row_id}".encode()  # no half of a pair of surrogates
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise CursorError("The cursor is none of ours: begin again without one.") from error
    if made_for != sort:
        raise CursorError(f"The cursor belongs to sort={made_for!s:.20}: begin again without one.")
    return Place(value, row_id)
