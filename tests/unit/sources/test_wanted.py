"""Which entries of a listing a source wants."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from utils.models.item import Entry
from utils.models.source import SourceDefinition, SourceKind, SourceOptions
from utils.sources.wanted import chosen


def entry(name: str, day: int | None = None, **more: Any) -> Entry:
    published = datetime(2024, 5, day, 12, tzinfo=UTC) if day else None
    return Entry(url=f"https://x/{name}.mp4", site="Site", site_id=name, title=f"Title {name}",
                 published_at=published, **more)  # fmt: skip


def names(listed: list[Entry], dates: dict[str, date] | None = None, **more: Any) -> list[str]:
    definition = SourceDefinition(name="s", kind=SourceKind.FEED, url="https://x", **more)
    return [one.site_id for one in chosen(listed, [definition], dates or {}).entries]


def test_the_newest_are_kept_whichever_way_a_feed_lists_them() -> None:
    listed = [entry("a", 1), entry("b", 2), entry("c", 3)]
    assert names(listed, keep_last=2) == ["c", "b"]
    assert names(listed[::-1], keep_last=2) == ["c", "b"]


def test_without_days_the_first_of_a_listing_are_its_newest() -> None:
    assert names([entry("c"), entry("b", 9), entry("a")], keep_last=2) == ["c", "b"]


def test_what_is_older_than_a_source_wants_is_left_and_what_names_no_day_is_not() -> None:
    listed = [entry("new", 5), entry("old", 4), entry("unknown"), entry("known")]
    dates = {listed[3].item_id: date(2024, 5, 4)}
    assert names(listed, dates, since=date(2024, 5, 5)) == ["new", "unknown"]


def test_streams_and_hidden_entries_take_no_place_among_the_newest_and_are_told() -> None:
    listed = [
        entry("live", live_status="is_live"),
        entry("soon", live_status="is_upcoming"),
        entry("hidden", availability="private"),
        entry("gone", availability="removed"),
        entry("over", live_status="was_live"),
        entry("members", availability="subscriber_only"),
    ]
    definition = SourceDefinition(name="s", kind=SourceKind.YOUTUBE, url="https://x", keep_last=1)
    found = chosen(listed, [definition], {})
    assert [one.site_id for one in found.entries] == ["over"]
    assert [one.site_id for one, _ in found.waiting] == ["live", "soon"]
    assert "once it is over" in found.waiting[0][1]
    assert [one.site_id for one, _ in found.hidden] == ["hidden", "gone"]
    assert [one.site_id for one in chosen(listed, [], {}).entries] == ["over", "members"]


def test_a_source_that_does_not_wait_for_streams_has_them_refused_as_what_has_no_end() -> None:
    listed = [entry("live", live_status="is_live")]
    assert names(listed, options=SourceOptions(wait_for_live=False)) == ["live"]


@pytest.mark.parametrize("pattern", ["*.MP4", "title b*", "?.mp4"])
def test_a_pattern_is_of_titles_and_names_of_files(pattern: str) -> None:
    assert "b" in names([entry("a"), entry("b")], pattern=pattern)


def test_two_sources_at_one_address_want_what_each_of_them_wants() -> None:
    both = [
        SourceDefinition(name=name, kind=SourceKind.FEED, url="https://x", pattern=f"{name}.mp4")
        for name in "ac"
    ]
    found = chosen([entry("a"), entry("b"), entry("c")], both, {})
    assert [one.site_id for one in found.entries] == ["a", "c"]
