"""Items that are done without a step: when a night takes them again, and when no more."""

from tests.unit.db.test_session import add, claim
from utils.db import failures, queue
from utils.db.schema import Item
from utils.db.session import session
from utils.models.shift import Lack

BROKEN = Lack(step="extract_exiftool", reason="it broke")
BUSY = Lack(step="upload_thumbnails", reason="it is busy", may_pass=True)


def settled(item_id: str, *lacks: Lack) -> tuple[str, int, str | None, list[str]]:
    """What becomes of an item that a worker has done but for these; three tries are all."""
    assert claim("a") == [item_id]
    with session() as s:
        assert queue.settle_done(s, "a", item_id, "key", lacks, max_tries=3)
    with session() as s:
        item = s.get_one(Item, item_id)
        return item.status, item.tries, item.done_key, [lack["step"] for lack in item.lacks]


def test_what_will_fail_again_is_not_tried_again(database: str) -> None:
    item_id = add(1)
    assert settled(item_id, BROKEN) == ("done", 0, "key", ["extract_exiftool"])
    assert claim("a") == []


def test_what_may_pass_is_tried_again_until_the_tries_are_used_up(database: str) -> None:
    item_id = add(1)
    assert settled(item_id, BROKEN, BUSY)[:3] == ("done", 1, None)
    assert settled(item_id, BUSY)[:3] == ("done", 2, None)
    assert settled(item_id, BUSY) == ("done", 3, "key", ["upload_thumbnails"])
    assert claim("a") == []


def test_what_it_lacked_is_forgotten_when_it_has_all(database: str) -> None:
    item_id = add(1)
    settled(item_id, BUSY)
    assert settled(item_id) == ("done", 0, "key", [])
    assert claim("a") == []


def test_an_item_that_is_requeued_lacks_nothing_known(database: str) -> None:
    item_id = add(1)
    settled(item_id, BROKEN)
    with session() as s:
        failures.requeue(s, failures.Choice(ids=(item_id,)))
    assert settled(item_id)[3] == []
