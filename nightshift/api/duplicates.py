"""Duplicates and works over HTTP, for a person to decide. No file is changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from nightshift.api.access import Reader, Writer
from nightshift.api.listing import GivenId
from utils.db import duplicates, items
from utils.db.session import session
from utils.documents import duplicate, work
from utils.models.base import Frozen
from utils.models.fingerprint import Pair
from utils.works import grouping

router = APIRouter(tags=["duplicates"])


class Duplicates(Frozen):
    """What is there more than once; the first copy of a group looks best to keep."""

    near: tuple[dict[str, Any], ...]
    exact: tuple[dict[str, Any], ...]
    dismissed: tuple[Pair, ...]


class DuplicateQuery(Frozen):
    """What is listed."""

    all: bool = Field(False, description="Also the pairs that were called different.")


class Decided(Frozen):
    """What a person says of two items."""

    one: GivenId
    other: GivenId
    decision: Literal["same", "different"]


class Works(Frozen):
    """Works of several files."""

    works: tuple[dict[str, Any], ...]


class Two(Frozen):
    """Two items that are one thing."""

    one: GivenId
    other: GivenId


class One(Frozen):
    """An item that is one by itself."""

    item_id: GivenId


@router.get("/duplicates")
def list_duplicates(wanted: Annotated[DuplicateQuery, Query()], _caller: Reader) -> Duplicates:
    """List copies and other encodings; nothing is ever deleted."""
    with session() as s:
        found = duplicate.document(
            duplicates.groups(s),
            duplicate.present(duplicates.exact(s)),
            duplicates.dismissed(s) if wanted.all else [],
        )
    return Duplicates(**found)


@router.post("/duplicates/decisions")
def decide_duplicates(given: Decided, _caller: Writer) -> Decided:
    """Say of two items that they are the same, or different, whatever is measured."""
    with session() as s:
        one, other = items.find(s, given.one).id, items.find(s, given.other).id
        duplicates.decide(s, one, other, given.decision)
    return Decided(one=one, other=other, decision=given.decision)


@router.get("/works", tags=["works"])
def list_works(_caller: Reader) -> Works:
    """List files that are one thing: Live Photos, bursts, recordings in parts."""
    with session() as s:
        return Works(works=tuple(work.document(one) for one in grouping.all_works(s)))


@router.post("/works/join", tags=["works"])
def join_works(given: Two, _caller: Writer) -> Works:
    """Have two items, and what belongs to each, be one work."""
    with session() as s:
        one = items.find(s, given.one).id
        grouping.join(s, one, items.find(s, given.other).id)
        made = grouping.of_item(s, one)
    return Works(works=(work.document(made),) if made else ())


@router.post("/works/split", tags=["works"])
def split_work(given: One, _caller: Writer) -> Works:
    """Take an item out of its work, for good; answers with what is left of the work."""
    with session() as s:
        item = items.find(s, given.item_id)
        former = grouping.split(s, item.id)
        rest = [one for one in former.item_ids if one != item.id] if former else []
        left = grouping.of_item(s, rest[0]) if rest else None
    return Works(works=(work.document(left),) if left else ())
