"""When something is published, as people write it."""

from datetime import UTC, datetime

import pytest

from utils import clock
from utils.distribution import schedule_time
from utils.errors import UsageError

NOW = datetime(2026, 3, 28, 20, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> object:
    with clock.set_to(clock.Clock(lambda: NOW, clock.monotonic, clock.wait)):
        yield


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("22:00", "2026-03-28T21:00"),
        ("21:00", "2026-03-29T19:00"),  # over for today; tomorrow the clocks are ahead
        ("2026-12-24T20:00", "2026-12-24T19:00"),
        ("2026-12-24 20:00+07:00", "2026-12-24T13:00"),
        ("2026-12-24T20:00Z", "2026-12-24T20:00"),
    ],
)
def test_a_moment_is_one_of_the_settings_zone_unless_it_names_one(text: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert schedule_time.at(text, "Europe/Berlin") == expected


@pytest.mark.parametrize("text", ["tomorrow", "25:00", "2026-03-28T20:00Z", "2026-03-29T02:30"])
def test_what_is_no_moment_over_or_left_out_by_the_clocks_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        schedule_time.at(text, "Europe/Berlin")
