"""Schedules in words, where words can tell them."""

import pytest

from utils.models.schedule import Plain, plain


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("hourly", Plain("hour", 0, 0)),
        ("daily@22:30", Plain("day", 22, 30)),
        ("0 3 * * *", Plain("day", 3, 0)),
        ("weekly", Plain("week", 2, 0, 0)),
        ("15 4 * * 0", Plain("week", 4, 15, 6)),
        ("15 4 * * 7", Plain("week", 4, 15, 6)),
        ("15 4 * * 1-5", None),
        ("*/5 * * * *", None),
        ("0 3 1 * *", None),
        ("0 3,5 * * *", None),
    ],
)
def test_plain_schedules_are_told_apart_from_those_that_need_cron(
    schedule: str, said: Plain | None
) -> None:
    assert plain(schedule) == said
