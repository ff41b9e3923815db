"""What a site refused is asked for again: when its listing shows it again, or after a while."""

from datetime import date, timedelta

import pytest

from utils import clock
from utils.clock import Clock
from utils.db import addresses, returning
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.item import Entry

pytestmark = pytest.mark.usefixtures("database")
CHANNEL = "https://site.example/c"
ENTRY = Entry(url="https://site.example/w/1", site="Site", site_id="1", source=CHANNEL)


def refuse(reason: str | None, times: int = 3) -> None:
    error = PermanentError("no")
    error.refusal = reason
    with session() as s:
        for _ in range(times):
            addresses.settle_failed(s, ENTRY, error, 3)


def is_waiting() -> bool:
    with session() as s:
        return bool(addresses.quarantined(s, [ENTRY]))


def look(*seen: Entry, days: float = 0, source: str = CHANNEL) -> None:
    later = clock.now() + timedelta(days=days)
    with clock.set_to(Clock(lambda: later, clock.monotonic, clock.wait)), session() as s:
        returning.note_listing(s, source, seen, 3)


@pytest.mark.parametrize("reason", ["private", "removed", "geo_blocked", "members_only"])
def test_what_its_listing_lacked_and_shows_again_has_all_its_tries(reason: str) -> None:
    refuse(reason)
    look(ENTRY)
    assert is_waiting()
    look()
    assert is_waiting()
    look(ENTRY, source="https://site.example/another")
    assert is_waiting()
    look(ENTRY)
    assert not is_waiting()
    with session() as s:
        assert addresses.listed(s)[0].tries == 0


def test_what_stays_listed_is_asked_for_once_a_day_and_then_more_and_more_seldom() -> None:
    refuse("private")
    look(ENTRY, days=0.9)
    assert is_waiting()
    look(ENTRY, days=1.1)
    assert not is_waiting()
    refuse("private", times=1)  # one look, one refusal
    assert is_waiting()
    with session() as s:
        row = addresses.listed(s)[0]
        row.added_at -= timedelta(days=10)
    look(ENTRY, days=1.1)
    refuse("private", times=1)
    look(ENTRY, days=9)
    assert is_waiting()
    look(ENTRY, days=11)
    assert not is_waiting()


@pytest.mark.parametrize("reason", [None, "bot_check", "throttled"])
def test_what_is_no_matter_of_the_entry_waits_for_a_person(reason: str | None) -> None:
    refuse(reason)
    look()
    look(ENTRY, days=400)
    assert is_waiting()


def test_a_day_is_known_once_it_was_said() -> None:
    with session() as s:
        returning.note_day(s, ENTRY, date(2024, 5, 4))
        returning.note_day(s, ENTRY, date(2025, 5, 4))
        assert returning.days(s, [ENTRY]) == {ENTRY.item_id: date(2024, 5, 4)}
