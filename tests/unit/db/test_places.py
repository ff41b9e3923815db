"""Replaced, moved, removed: where an item lies is looked at anew, on both databases."""

import os
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.conftest import Override
from utils.config import load_settings
from utils.db import failures, items, ledger, queue
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.record import ItemRecord, ThumbnailRecord
from utils.sources import scan, whereabouts

pytestmark = pytest.mark.usefixtures("database")


def take(path: Path) -> list[str]:
    return scan.scan([str(path)], "key", load_settings()).pending


def settle(item_id: str, done: bool) -> None:
    with session() as s:
        queue.claim_these(s, "worker", [item_id])
        if done:
            queue.settle_done(s, "worker", item_id, "key")
        else:
            queue.settle_failed(s, "worker", item_id, PermanentError("It is corrupt."), 3)


def status(item_id: str) -> str:
    with session() as s:
        return s.get_one(Item, item_id).status


def places(item_id: str) -> list[Path]:
    with session() as s:
        return items.paths_of(s, item_id)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "film.mp4"
    path.parent.mkdir()
    path.write_text("corrupt")
    return path


def test_what_failed_is_superseded_when_its_file_is_replaced(film: Path) -> None:
    (old,) = take(film)
    settle(old, done=False)
    film.write_text("whole now")
    (new,) = take(film)
    assert (status(old), status(new)) == ("superseded", "pending")
    with session() as s:
        assert failures.failures(s, failures.Choice()) == []
        assert queue.unclaimed(s, 3, 10) == [new]


def test_what_was_done_stays_done_when_its_file_is_replaced(film: Path) -> None:
    (old,) = take(film)
    settle(old, done=True)
    film.write_text("cut anew")
    assert take(film) != [old]
    assert status(old) == "done"


def test_superseded_content_that_comes_back_waits_again(film: Path, tmp_path: Path) -> None:
    (old,) = take(film)
    film.write_text("whole now")
    take(film)
    (tmp_path / "back.mp4").write_text("corrupt")
    assert take(tmp_path / "back.mp4") == [old]
    assert status(old) == "pending"


def test_what_is_in_work_is_not_superseded_under_the_hands_of_its_run(film: Path) -> None:
    (old,) = take(film)
    with session() as s:
        queue.claim_these(s, "worker", [old])
    film.write_text("whole now")
    take(film)
    assert status(old) == "pending"
    with session() as s:
        queue.settle_failed(s, "worker", old, PermanentError("It changed."), 3)
    take(film)
    assert status(old) == "superseded"


def test_a_night_sees_replaced_files_wherever_they_lie(film: Path) -> None:
    (old,) = take(film)
    settle(old, done=False)
    assert whereabouts.replaced(load_settings()) == []
    film.write_text("whole now")
    assert whereabouts.replaced(load_settings()) == [str(film)]
    film.unlink()
    assert whereabouts.replaced(load_settings()) == []
    film.touch()  # still being copied
    assert whereabouts.replaced(load_settings()) == []


def test_with_a_store_other_machines_have_other_files_at_a_path(
    film: Path, override: Override, tmp_path: Path
) -> None:
    override(store_url=SecretStr(f"file://{tmp_path}/store"))
    (old,) = take(film)
    film.write_text("another machine's")
    assert whereabouts.replaced(load_settings()) == []
    take(film)
    assert status(old) == "pending"


def test_a_dead_place_is_forgotten_once_another_is_known(film: Path) -> None:
    (item_id,) = take(film)
    moved = film.with_name("a better name.mp4")
    film.rename(moved)
    take(moved)
    assert places(item_id) == [moved]
    moved.unlink()
    take(film.parent)
    assert places(item_id) == [moved]  # the only one: it may come back


def test_of_several_places_the_one_that_holds_the_item_is_worked_on(film: Path) -> None:
    (item_id,) = take(film)
    copy = film.with_name("the copy.mp4")
    shutil.copy(film, copy)
    take(copy)
    film.write_text("something else, not looked at yet")
    with session() as s:
        assert items.media_item(s, item_id).path == copy


def test_a_file_that_was_touched_is_worked_on_all_the_same(film: Path) -> None:
    (item_id,) = take(film)
    os.utime(film, (1, 1))
    with session() as s:
        assert items.media_item(s, item_id).path == film


def test_a_removed_file_says_how_to_be_rid_of_it(film: Path) -> None:
    from utils.errors import RetryableError

    (item_id,) = take(film)
    film.unlink()
    with session() as s, pytest.raises(RetryableError, match="nightshift forget"):
        items.media_item(s, item_id)


def test_a_record_only_mentions_the_stills_that_another_step_made(tmp_path: Path) -> None:
    still = ThumbnailRecord(path=tmp_path / "gone.jpg")
    record = ItemRecord(item_id="a" * 64, kind="video", title="", thumbnails=(still,))
    assert list(ledger.output_paths(record)) == []
    row = ledger.start("a" * 64, "create_model", ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, record, 1.0)
