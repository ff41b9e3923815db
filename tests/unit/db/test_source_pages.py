"""A listing held against what is known: new, changed, unchanged, moved, vanished."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from utils.db import source_files, source_pages, sources
from utils.db.session import session
from utils.db.source_files import Content, Which
from utils.db.source_pages import Compared
from utils.db.source_tables import SourceFile, SourceFileVersion
from utils.models.found_object import FoundObject
from utils.models.source import FileStatus, SourceDefinition, SourceKind

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


def defined(name: str = "camera") -> str:
    with session() as s:
        wanted = SourceDefinition(name=name, kind=SourceKind.BUCKET, url=f"s3://bucket/{name}")
        return sources.define(s, wanted).id


def an_object(key: str, etag: str | None = "1", size: int = 10, **facts: object) -> FoundObject:
    return FoundObject(key=key, size_bytes=size, etag=etag, **{"modified_at": MONDAY, **facts})


def listed(source_id: str, *pages: Sequence[FoundObject], whole: bool = True) -> Compared:
    """Look into a source once; returns what its pages came to."""
    with session() as s:
        place = source_pages.resume(s, source_id)
    total = Compared()
    for page in pages:
        with session() as s:
            one = source_pages.compare(s, source_id, place, page)
            place = place._replace(after=page[-1].key if page else place.after)
            source_pages.save_cursor(s, source_id, place)
        total = Compared(*map(sum, zip(total, one, strict=True)))
    if whole:
        with session() as s:
            source_pages.save_cursor(s, source_id, None)
            source_pages.moves(s, source_id, place.listing)
            source_pages.vanish(s, source_id, place.listing)
    return total


def read(source_id: str, **items: str) -> None:
    """Note the content of objects, by key, and that it is done."""
    with session() as s:
        contents = [Content(key, item, FileStatus.SUCCESS) for key, item in items.items()]
        source_files.read(s, source_id, contents, 3)


def rows(source_id: str) -> dict[str, SourceFile]:
    with session() as s:
        found = s.scalars(select(SourceFile).where(SourceFile.source_id == source_id))
        return {row.key: row for row in found}


def former(source_id: str) -> list[tuple[str, int, str | None, str | None]]:
    with session() as s:
        table = SourceFileVersion
        found = s.scalars(select(table).where(table.source_id == source_id).order_by(table.version))
        return [(row.key, row.version, row.item_id, row.etag) for row in found]


@pytest.mark.usefixtures("database")
def test_what_is_new_waits_and_what_is_the_same_does_not() -> None:
    source = defined()
    assert listed(source, [an_object("a"), an_object("b")]) == Compared(new=2)
    read(source, a="item a", b="item b")
    assert listed(source, [an_object("a"), an_object("b")]) == Compared(unchanged=2)
    assert {row.status for row in rows(source).values()} == {"success"}


@pytest.mark.parametrize(
    "changed",
    [
        an_object("a", etag="2"),
        an_object("a", size=11),
        an_object("a", etag=None, modified_at=MONDAY + timedelta(seconds=1)),
    ],
    ids=["etag", "size", "time where there is no etag"],
)
def test_another_size_etag_or_time_makes_a_new_version_and_the_old_one_stays(
    changed: FoundObject,
) -> None:
    source = defined()
    listed(source, [an_object("a")])
    read(source, a="item 1")
    assert listed(source, [changed]) == Compared(changed=1)
    row = rows(source)["a"]
    assert (row.status, row.version, row.item_id, row.tries) == ("discovered", 2, None, 0)
    assert former(source) == [("a", 1, "item 1", "1")]
    read(source, a="item 2")
    assert rows(source)["a"].item_id == "item 2"
    assert former(source) == [("a", 1, "item 1", "1")]


def test_another_time_alone_is_no_change_where_the_etag_says_so() -> None:
    source = defined()
    listed(source, [an_object("a")])
    read(source, a="item 1")
    touched = an_object("a", modified_at=MONDAY + timedelta(hours=1))
    assert listed(source, [touched]) == Compared(unchanged=1)


def test_the_content_decides_whether_an_object_changed() -> None:
    source = defined()
    listed(source, [an_object("a")])
    read(source, a="item 1")
    listed(source, [an_object("a", etag="copied onto itself")])
    read(source, a="item 1")
    row = rows(source)["a"]
    assert (row.status, row.version, row.item_id) == ("success", 1, "item 1")
    assert former(source) == []


def test_an_object_that_grows_before_it_is_read_is_one_version() -> None:
    source = defined()
    for size in (10, 20, 30):
        listed(source, [an_object("a", etag=str(size), size=size)])
    row = rows(source)["a"]
    assert (row.version, row.size_bytes, row.status) == (1, 30, "discovered")
    assert former(source) == []


def test_a_change_gives_an_object_that_had_failed_for_good_all_its_tries() -> None:
    source = defined()
    listed(source, [an_object("a")])
    with session() as s:
        broken = Content("a", None, FileStatus.FAILED, "is empty", "PermanentError", is_final=True)
        source_files.read(s, source, [broken], 3)
        assert source_files.waiting(s, source, Which.DUE, "", 9, 3) == []
    listed(source, [an_object("a", etag="2")])
    with session() as s:
        (row,) = source_files.waiting(s, source, Which.DUE, "", 9, 3)
    assert (row.tries, row.error) == (0, None)


@pytest.mark.usefixtures("database")
def test_what_vanished_is_told_by_a_whole_listing_alone_and_may_return() -> None:
    source = defined()
    listed(source, [an_object("a"), an_object("b")])
    read(source, a="item a", b="item b")
    listed(source, [an_object("a")], whole=False)
    assert not any(row.vanished_at for row in rows(source).values())
    listed(source, [an_object("b", etag="1")])  # goes on after "a"
    assert not any(row.vanished_at for row in rows(source).values())
    listed(source, [an_object("a")])
    assert rows(source)["b"].vanished_at
    assert listed(source, [an_object("a"), an_object("b")]) == Compared(unchanged=2)
    row = rows(source)["b"]
    assert (row.vanished_at, row.status, row.item_id) == (None, "success", "item b")


def test_a_listing_that_was_cut_goes_on_where_it_stopped() -> None:
    source = defined()
    listed(source, [an_object("a"), an_object("b")], whole=False)
    with session() as s:
        place = source_pages.resume(s, source)
    assert place.after == "b"
    listed(source, [an_object("c")])
    found = rows(source)
    assert set(found) == {"a", "b", "c"}
    assert {row.listing for row in found.values()} == {place.listing}
    with session() as s:
        assert source_pages.resume(s, source).after is None


@pytest.mark.usefixtures("database")
def test_a_move_takes_all_that_is_known_along() -> None:
    source = defined()
    listed(source, [an_object("a"), an_object("b", etag="2")])
    read(source, a="item 1", b="item b")
    listed(source, [an_object("a", etag="3"), an_object("b", etag="2")])
    read(source, a="item 2")
    before = rows(source)["a"].discovered_at
    listed(source, [an_object("b", etag="2"), an_object("z/a", etag="3")])
    found = rows(source)
    assert set(found) == {"b", "z/a"}
    row = found["z/a"]
    assert (row.status, row.item_id, row.version) == ("success", "item 2", 2)
    assert (row.vanished_at, row.discovered_at) == (None, before)
    assert former(source) == [("z/a", 1, "item 1", "1")]


def test_two_equal_objects_that_move_are_two_moves() -> None:
    source = defined()
    listed(source, [an_object("a"), an_object("b")])
    read(source, a="item", b="item")
    listed(source, [an_object("c"), an_object("d")])
    assert {key: row.status for key, row in rows(source).items()} == {
        "c": "success", "d": "success",
    }  # fmt: skip


def test_a_copy_is_no_move() -> None:
    source = defined()
    listed(source, [an_object("a")])
    read(source, a="item")
    listed(source, [an_object("a"), an_object("b")])
    assert {key: row.status for key, row in rows(source).items()} == {
        "a": "success", "b": "discovered",
    }  # fmt: skip


@pytest.mark.usefixtures("database")
def test_content_that_vanished_and_lies_under_another_key_has_moved() -> None:
    source = defined()
    listed(source, [an_object("a")])
    read(source, a="item")
    listed(source, [an_object("b", etag="of another disk")])
    with session() as s:
        moved = source_files.read(s, source, [Content("b", "item", FileStatus.SUCCESS)], 3)
    assert moved == 1
    assert {key: row.vanished_at for key, row in rows(source).items()} == {"b": None}


def test_a_key_twice_in_a_page_and_a_page_twice_are_one_object() -> None:
    source = defined()
    page = [an_object("a"), an_object("a", size=12)]
    assert listed(source, page, page) == Compared(new=1, unchanged=1)


def test_keys_are_kept_as_they_are_spelled() -> None:
    source = defined()
    keys = ["../../etc/passwd.mp4", "a\\b.mp4", "a\nb.mp4", "x" * 1020 + ".mp4", "ä'\";--.mp4"]
    listed(source, [an_object(key, etag=str(n)) for n, key in enumerate(sorted(keys))])
    assert set(rows(source)) == set(keys)


def test_a_time_in_the_future_and_one_without_zone_are_compared_like_any() -> None:
    source = defined()
    ahead = datetime.now(UTC) + timedelta(hours=1)
    page = [an_object("a", etag=None, modified_at=ahead),
            an_object("b", etag=None, modified_at=ahead.replace(tzinfo=None))]  # fmt: skip
    assert listed(source, page) == Compared(new=2)
    read(source, a="item a", b="item b")
    assert listed(source, page) == Compared(unchanged=2)


def test_sources_do_not_see_each_others_objects() -> None:
    one, other = defined("one"), defined("other")
    listed(one, [an_object("a")])
    assert listed(other, [an_object("a")]) == Compared(new=1)
    listed(other, [an_object("b")])
    assert rows(one)["a"].vanished_at is None


def test_a_look_without_taking_writes_nothing() -> None:
    source = defined()
    with session() as s:
        assert source_pages.count(s, source, [an_object("a")]) == Compared(new=1)
    assert rows(source) == {}
