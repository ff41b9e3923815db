"""The window on the wall's clock, on ordinary nights and on those of 23 and 25 hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from utils.config import load_settings
from utils.errors import SettingsError
from utils.models.window import parse
from utils.scheduling.window import next_opening, opening

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_a_window_across_midnight_is_open_on_both_sides_of_it() -> None:
    window = parse("22:00-06:00", BERLIN)
    whole = (at("2026-11-22 22:00"), at("2026-11-23 06:00"))
    for inside in ("2026-11-22 22:00", "2026-11-22 23:59", "2026-11-23 05:59"):
        assert opening(window, at(inside)) == whole
    for outside in ("2026-11-22 21:59", "2026-11-23 06:00", "2026-11-23 12:00"):
        assert opening(window, at(outside)) is None
    assert next_opening(window, at("2026-11-22 12:00")) == whole


@pytest.mark.parametrize(
    ("evening", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-01", 8)]
)
def test_a_summer_time_night_is_as_long_as_it_is(evening: str, hours: int) -> None:
    night = opening(parse("22:00-06:00", BERLIN), at(f"{evening} 23:00"))
    assert night.end - night.start == timedelta(hours=hours)


def test_an_hour_that_does_not_exist_begins_when_the_clock_has_jumped() -> None:
    night = next_opening(parse("02:30-03:30", BERLIN), at("2026-03-29 00:00"))
    assert night == (at("2026-03-29 03:00"), at("2026-03-29 03:30"))
    half_an_hour = next_opening(parse("02:15-02:45", "Australia/Lord_Howe"),
                                at("2026-10-04 00:00", "Australia/Lord_Howe"))  # fmt: skip
    assert half_an_hour.start == at("2026-10-04 02:30", "Australia/Lord_Howe")


def test_a_window_that_the_jump_takes_away_whole_opens_on_the_next_day() -> None:
    window = parse("02:10-02:50", BERLIN)
    assert next_opening(window, at("2026-03-29 00:00")).start == at("2026-03-30 02:10")


def test_an_hour_that_comes_twice_opens_the_window_once() -> None:
    window = parse("02:15-02:45", BERLIN)
    assert opening(window, at("2026-10-25 02:30"))
    assert opening(window, at("2026-10-25 02:30", fold=1)) is None
    longer = opening(parse("01:30-03:00", BERLIN), at("2026-10-25 02:30", fold=1))
    assert longer.end - longer.start == timedelta(hours=2.5)


def test_a_day_that_a_zone_left_out_is_left_out() -> None:
    window = parse("10:00-11:00", "Pacific/Apia")
    after = next_opening(window, at("2011-12-29 12:00", "Pacific/Apia"))
    assert after.start == at("2011-12-31 10:00", "Pacific/Apia")


def test_several_stretches_and_those_that_touch_are_one_opening() -> None:
    window = parse("20:00-24:00, 00:00-04:00, 12:00-13:00", BERLIN)
    night = opening(window, at("2026-11-22 21:00"))
    assert night == (at("2026-11-22 20:00"), at("2026-11-23 04:00"))
    assert next_opening(window, at("2026-11-22 05:00")).start == at("2026-11-22 12:00")


def test_the_whole_day_never_closes() -> None:
    window = parse("00:00-24:00", BERLIN)
    assert opening(window, at("2026-10-25 02:30")).end > at("2026-10-30 00:00")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no window such as 22:00-06:00"),
        ("nonsense", "no window such as"),
        ("22:00", "no window such as"),
        ("22:00-06:00,", "no window such as"),
        ("22:00-22:00", "is empty"),
        ("25:00-06:00", "no time of the day"),
        ("24:00-06:00", "no time of the day"),
        ("22:61-06:00", "no time of the day"),
    ],
)
def test_a_window_that_never_opens_is_a_clear_error_of_the_settings(
    text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text, BERLIN)
    monkeypatch.setenv("NIGHTSHIFT_WINDOW", text)
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match=f"NIGHTSHIFT_WINDOW.*{says}"):
        load_settings()


def test_a_zone_that_does_not_exist_is_said() -> None:
    for name in ("Europe/Nowhere", "", "/etc/passwd"):
        with pytest.raises(ValueError, match="no time zone such as"):
            parse("22:00-06:00", name)
