"""Objects of sources change with their items, in one transaction: claimed, settled, freed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.unit.db.test_source_pages import an_object, defined, listed, rows
from utils.config import Settings
from utils.db import forgotten, queue, source_files, source_pages, workers
from utils.db.schema import Item, Worker
from utils.db.session import session
from utils.db.source_files import Content, Which
from utils.db.source_tables import SourceFile
from utils.errors import PermanentError, RetryableError, StoppedError
from utils.housekeeping import recovery
from utils.models.shift import Lack
from utils.models.source import FileStatus


@pytest.fixture
def source() -> str:
    """A source with one object that is read and waits, as an item."""
    source = defined()
    listed(source, [an_object("a")])
    with session() as s:
        s.add(Item(id="item", kind="video", title="a", size_bytes=1, status="pending"))
        source_files.read(s, source, [Content("a", "item", FileStatus.DISCOVERED)], 3)
        workers.register(s, "worker", None, 60)
    return source


def claim(worker: str = "worker") -> list[str]:
    with session() as s:
        return queue.claim(s, worker, queue.waiting(3), 10)


def state(source: str) -> tuple[str, int, str | None]:
    row = rows(source)["a"]
    return row.status, row.tries, row.claimed_by


def may_be_tried(source: str) -> list[str]:
    with session() as s:
        found = source_files.waiting(s, source, Which.DUE, "", 10, 3)
        return [row.key for row in found]


@pytest.mark.usefixtures("database")
def test_an_object_is_in_work_with_its_item_and_through_with_it(source: str) -> None:
    assert claim() == ["item"]
    assert state(source) == ("processing", 0, "worker")
    assert may_be_tried(source) == []
    with session() as s:
        assert queue.settle_done(s, "worker", "item", "key")
    assert state(source) == ("success", 0, None)


def test_an_object_with_lacks_is_through_as_its_item_is(source: str) -> None:
    claim()
    with session() as s:
        lack = Lack(step="transcribe_audio", reason="no room", may_pass=True)
        queue.settle_done(s, "worker", "item", "key", [lack], 3)
    assert state(source) == ("success", 0, None)


@pytest.mark.usefixtures("database")
def test_an_object_fails_thrice_with_its_item_and_waits_for_a_person_then(source: str) -> None:
    for tries in (1, 2, 3):
        assert may_be_tried(source) == ["a"]
        assert claim() == ["item"]
        with session() as s:
            queue.settle_failed(s, "worker", "item", RetryableError("the disk was away"), 3)
        assert state(source) == ("failed", tries, None)
        assert rows(source)["a"].error == "the disk was away"
    assert may_be_tried(source) == []
    with session() as s:
        assert source_files.try_again(s, source) == ["item"]
    assert may_be_tried(source) == ["a"]


def test_a_fault_of_the_file_is_not_tried_again(source: str) -> None:
    claim()
    with session() as s:
        queue.settle_failed(s, "worker", "item", PermanentError("it is damaged"), 3)
    assert state(source) == ("failed", 3, None)


def test_what_was_stopped_is_as_it_was_before(source: str) -> None:
    claim()
    with session() as s:
        queue.settle_failed(s, "worker", "item", StoppedError("by hand"), 3)
    assert state(source) == ("discovered", 0, None)


def test_mark_and_data_are_written_together_or_not_at_all(source: str) -> None:
    claim()
    with pytest.raises(KeyboardInterrupt), session() as s:
        queue.settle_done(s, "worker", "item", "key")
        s.execute(update(Item).values(title="what the item came to"))
        raise KeyboardInterrupt  # killed before the end of the transaction
    assert state(source) == ("processing", 0, "worker")
    with session() as s:
        item = s.get_one(Item, "item")
    assert (item.status, item.title, item.claimed_by) == ("pending", "a", "worker")


@pytest.mark.usefixtures("database")
def test_what_a_dead_worker_had_is_free_with_its_lease(source: str, settings: Settings) -> None:
    listed(source, [an_object("a"), an_object("b")])
    claim()
    with session() as s:
        assert source_files.take(s, "worker", source, "b")
        assert not source_files.take(s, "another", source, "b")
    recovery.recover(settings)
    assert {row.status for row in rows(source).values()} == {"processing"}  # it lives
    with session() as s:
        past = datetime.now(UTC) - timedelta(hours=1)
        s.execute(update(Worker).values(alive_until=past, host="elsewhere"))
    recovery.recover(settings)
    assert {(row.status, row.claimed_by) for row in rows(source).values()} == {("discovered", None)}


def test_an_end_in_order_frees_what_was_not_settled(source: str) -> None:
    claim()
    with session() as s:
        queue.release_all(s, "worker")
    assert state(source) == ("discovered", 0, None)


def test_a_worker_that_lost_its_item_marks_nothing(source: str) -> None:
    claim()
    with session() as s:
        queue.release_all(s, "worker")
    claim("another")
    with session() as s:
        assert not queue.settle_done(s, "worker", "item", "key")
        assert not queue.settle_failed(s, "worker", "item", RetryableError("late"), 3)
    assert state(source) == ("processing", 0, "another")


def test_content_that_changes_while_the_former_is_in_work_waits_on(source: str) -> None:
    claim()
    listed(source, [an_object("a", etag="2")])
    assert state(source) == ("discovered", 0, None)
    with session() as s:
        queue.settle_done(s, "worker", "item", "key")
    row = rows(source)["a"]
    assert (row.status, row.version, row.item_id) == ("discovered", 2, None)


def test_all_objects_with_the_same_content_are_through_with_it_and_copies_stay_copies(
    source: str,
) -> None:
    other = defined("other")
    listed(other, [an_object("x"), an_object("y")])
    with session() as s:
        found = [
            Content("x", "item", FileStatus.DISCOVERED),
            Content("y", "item", FileStatus.SKIPPED),
        ]
        source_files.read(s, other, found, 3)
    claim()
    with session() as s:
        queue.settle_done(s, "worker", "item", "key")
    assert state(source)[0] == "success"
    assert {key: row.status for key, row in rows(other).items()} == {"x": "success", "y": "skipped"}


def test_what_a_person_has_forgotten_is_left_alone_from_then_on(source: str) -> None:
    with session() as s:
        assert forgotten.forget(s, "worker", ["item"]) == ["item"]
    assert state(source) == ("skipped", 0, None)
    assert may_be_tried(source) == []
    listed(source, [an_object("a")])
    assert state(source)[0] == "skipped"


def test_a_download_links_its_object_to_its_item(source: str) -> None:
    listed(source, [an_object("a"), an_object("b")])
    with session() as s:
        s.add(Item(id="of b", kind="video", title="b", size_bytes=1, status="pending"))
        source_files.take(s, "worker", source, "b")
        source_files.fetched(s, source, "b", "of b")
    row = rows(source)["b"]
    assert (row.item_id, row.status, row.claimed_by) == ("of b", "processing", "worker")
    claim()
    with session() as s:
        queue.settle_done(s, "worker", "of b", "key")
    assert rows(source)["b"].status == "success"


def test_objects_are_asked_for_a_page_at_a_time(source: str) -> None:
    """No query asks for more than a page; the plan of each uses the primary key."""
    with session() as s:
        place = source_pages.resume(s, source)
        for start in range(0, 3000, 1000):
            page = [an_object(f"{n:07}") for n in range(start, start + 1000)]
            source_pages.compare(s, source, place, page)
        number = s.scalar(select(func.count()).select_from(SourceFile))
        assert number == 3001
        assert len(source_files.waiting(s, source, Which.ALL, "0001000", 50)) == 50
        explained = s.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT key FROM source_files WHERE source_id = 'x' "
            "AND key > 'a' ORDER BY key LIMIT 10"
        )
        assert "SEARCH source_files USING" in str(explained.all())
