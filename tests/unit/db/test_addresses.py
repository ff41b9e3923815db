"""Addresses that failed: tried as often as an item, then quarantined, requeued by a person."""

import pytest

from utils.db import addresses, failures
from utils.db.failures import Choice
from utils.db.session import session
from utils.errors import PermanentError, ResourceError, StoppedError
from utils.models.item import Entry

ENTRY = Entry(url="https://site.example/w/1", site="Site", site_id="1", title="One")
CHANNEL = "https://site.example/c"
GONE = PermanentError("404")

pytestmark = pytest.mark.usefixtures("database")


def fail(known: Entry | str, times: int, error: Exception = GONE) -> list[bool]:
    with session() as s:
        return [addresses.settle_failed(s, known, error, 3) for _ in range(times)]


def test_an_address_has_as_many_tries_as_an_item_and_then_waits_for_a_person() -> None:
    assert fail(ENTRY, 2) == [False, False]
    with session() as s:
        assert addresses.due(s, 3).entries == [ENTRY]
    assert fail(ENTRY, 1) == [True]
    with session() as s:
        assert addresses.due(s, 3).entries == []
        assert addresses.quarantined(s, [ENTRY]) == {ENTRY.item_id: "404"}


def test_neither_a_stop_nor_a_full_disk_is_a_try() -> None:
    assert not any(fail(ENTRY, 5, StoppedError("Ctrl-C")))
    with session() as s:
        assert addresses.listed(s) == []
    assert not any(fail(ENTRY, 5, ResourceError("full")))


def test_what_could_not_be_listed_is_listed_again_and_forgotten_once_it_was() -> None:
    fail(CHANNEL, 1)
    with session() as s:
        assert addresses.due(s, 3).urls == [CHANNEL]
        addresses.forget(s, [CHANNEL])
        assert addresses.listed(s) == []


@pytest.mark.parametrize(
    ("choice", "meant"),
    [
        (Choice(), 2),
        (Choice(error="PermanentError"), 2),
        (Choice(error="RetryableError"), 0),
        (Choice(step="fetch_media"), 0),
        (Choice(source="site.example"), 2),
        (Choice(source="https://site.example/w"), 1),
        (Choice(source="other.example"), 0),
        (Choice(source="ite.example"), 0),
        (Choice((ENTRY.item_id,)), 1),
    ],
)
def test_addresses_are_chosen_and_requeued_like_items(choice: Choice, meant: int) -> None:
    fail(ENTRY, 3)
    fail(CHANNEL, 1)
    with session() as s:
        assert len(failures.failures(s, choice)) == meant
        assert len(failures.requeue(s, choice)) == meant
    with session() as s:
        assert len(failures.failures(s, Choice())) == 2 - meant
        assert len(addresses.due(s, 3).entries) == (meant > 0 and choice.source != CHANNEL)


def test_an_address_is_found_by_itself_and_by_its_key() -> None:
    fail(ENTRY, 1)
    with session() as s:
        for wanted in (ENTRY.url, ENTRY.item_id, ENTRY.item_id[:8]):
            row = addresses.find(s, wanted)
            assert row is not None
            assert row.key == ENTRY.item_id
        assert addresses.find(s, "https://site.example/w/2") is None
