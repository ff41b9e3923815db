"""An item as JSON: lists say the same whoever makes them, and nothing that hangs on it is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from utils.db import item_relations, items, library, listings, pages
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import session
from utils.documents import item
from utils.models.item import FileStat, MediaKind
from utils.models.listing import Listing
from utils.models.record import ItemRecord, NoteRecord, TrackRecord
from utils.models.search import SearchFilters

pytestmark = pytest.mark.usefixtures("database")


def _add(name: str, **facts: Any) -> str:
    item_id = name.encode().hex().ljust(64, "0")
    stat = FileStat(path=Path(f"/x/{name}"), size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        row = items.register(s, Seen(stat, item_id, True), MediaKind.VIDEO)
        for field, value in facts.items():
            setattr(row, field, value)
    return item_id


def test_the_rows_of_a_page_say_the_same_as_the_items(tmp_path: Path) -> None:
    moments = (
        datetime(2026, 1, 31, 20, tzinfo=UTC),
        datetime(2026, 1, 31, 20, 0, 0, 120_000, UTC),
        datetime(999, 1, 1, tzinfo=UTC),
    )
    for number, moment in enumerate(moments):
        lacks = [{"step": "compress_video", "why": "no room"}] if number else []
        _add(f"one{number}", added_at=moment, processed_at=moment if number else None,
             lacks=lacks, claimed_by="worker" if number == 2 else None)  # fmt: skip
    with session() as s:
        rows, _ = pages.items(s, SearchFilters(), None, "-added", 10)
        every = library.newest(s, SearchFilters(), None, 10)
        assert item.listed(s, rows) == item.records(s, every)
        assert [list(one) for one in item.listed(s, rows)] == [list(item.LISTED)] * 3


def test_nothing_that_hangs_on_an_item_is_left_out() -> None:
    bare, full = _add("bare"), _add("full")
    record = ItemRecord(
        item_id=full, kind="video", title="full", keywords=("harbour",),
        tracks=(TrackRecord(kind="audio", number=0),),
        notes=(NoteRecord(kind="person", text="Ada", source="x"),),
    )  # fmt: skip
    with session() as s:
        library.save(s, record, [])
        listings.save(s, full, Listing(source="the feed", description="said there"))
    with session() as s:
        assert item_relations.related_to(s, bare) == frozenset()
        assert item_relations.related_to(s, full) == {"keywords", "tracks", "notes", "description"}
        told = item.document(s, s.get_one(Item, full))["record"]
        whole = library.load(s, full).model_dump(mode="json", exclude={"segments", "item_id"})
    assert told == whole
    assert told["description"] == "said there"
