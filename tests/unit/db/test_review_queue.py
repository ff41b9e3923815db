"""The queue as a page shows it: a window around an item, in the order of waiting."""

from datetime import timedelta

from tests.unit.critic.test_decisions import change, decide, waiting_item
from utils.clock import now
from utils.db import review_queue
from utils.db.session import session
from utils.models.search import SearchFilters


def around(item_id: str | None, before: int, after: int, **filters: str) -> str:
    with session() as s:
        wanted = SearchFilters.model_validate(filters)
        return "".join(row.title for row in review_queue.around(s, wanted, item_id, before, after))


def test_a_window_stands_around_an_item_also_where_many_came_at_once(database: str) -> None:
    moment = now()
    ids = {
        name: waiting_item(name, processed_at=moment + timedelta(seconds=number // 3))
        for number, name in enumerate("abcdefgh")
    }
    assert around(None, 2, 3) == around("f" * 64, 2, 3) == "abc"
    assert around(ids["e"], 2, 3) == "cdefg"
    assert around(ids["a"], 2, 2) == "ab" and around(ids["h"], 2, 2) == "fgh"
    decide(ids["e"], "accept")  # it keeps its place: what follows is what waits behind it
    assert around(ids["e"], 1, 2) == "dfg"
    change(ids["f"], language="km", claimed_by="w")
    change(ids["g"], language="km")
    assert around(ids["e"], 9, 9, language="km") == "g"


def test_chosen_items_keep_their_order_and_say_whether_they_wait() -> None:
    one, two = waiting_item("one"), waiting_item("two")
    decide(one, "accept")
    with session() as s:
        rows = review_queue.chosen(s, [two, "gone", one, two])
    assert [(row.title, row.waits) for row in rows] == [("two", True), ("one", False)]
