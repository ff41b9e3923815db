"""From an address to a done item: the real yt-dlp, a site on loopback, real flows."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.flows.test_shift import QUICK, ingest, outcomes, steps, work_a_night
from tests.media import Clips
from tests.servers.loopback import Server
from tests.servers.site import video_site
from utils.config import Settings
from utils.db import addresses, failures, flags, items, sources, throttles
from utils.db.schema import Download, Item
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.shift import RunStatus

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def site(clips: Clips) -> Iterator[Server]:
    with video_site(clips.video, seconds=4, hls=clips.hls) as server:
        yield server


def archived() -> set[str]:
    with session() as s:
        return set(s.scalars(select(Download.url)))


def test_an_address_becomes_a_done_item_and_is_fetched_once(
    site: Server, settings: Settings
) -> None:
    url = f"{site.url}/watch/plain"
    report, _ = ingest(url)
    assert report.counts.done == 1
    assert report.items[0].path.startswith(str(settings.home / "items"))
    assert archived() == {url}
    again, _ = ingest(url)
    assert outcomes(again)["plain"] == ("skipped", "fetched before")
    assert again.status is RunStatus.NOTHING_TO_DO
    assert site.count("/media/plain.mp4") == 1


def test_a_download_is_decoded_once_not_twice(site: Server) -> None:
    report, _ = ingest(f"{site.url}/watch/plain")
    counts = {name: step.executions for name, step in steps(report.items[0].item_id).items()}
    assert counts["extract_ffprobe"] == counts["analyze_signal"] == 1


def test_the_title_and_address_of_the_site_are_kept(site: Server) -> None:
    ingest(f"{site.url}/watch/plain")
    with session() as s:
        item = s.scalars(select(Item)).one()
    assert item.title == "A plain ../video"
    assert item.source_url == f"{site.url}/watch/plain"


def test_a_channel_is_fetched_entry_by_entry_and_copies_are_seen(site: Server) -> None:
    report, _ = ingest(f"{site.url}/watch/channel")
    assert report.counts.failed == 0
    assert archived() == {f"{site.url}/watch/listed", f"{site.url}/watch/plain"}
    with session() as s:
        assert len(s.scalars(select(Item)).all()) == 1  # both hold the same bytes


def test_forgotten_content_is_not_taken_from_another_address_unless_asked_for(
    site: Server, settings: Settings
) -> None:
    from utils.housekeeping import forgetting

    report, _ = ingest(f"{site.url}/watch/listed")
    forgetting.forget(forgetting.preview([report.items[0].item_id or ""], settings), settings)
    other = f"{site.url}/watch/plain"  # the same bytes
    for _ in range(2):
        report, _ = ingest(other)
        assert [item.outcome.value for item in report.items] == ["skipped"]
        assert "forgotten on" in (report.items[0].reason or "")
    assert site.count("/media/plain.mp4") == 1
    assert not [*settings.incoming.rglob("*.mp4")]
    with session() as s:
        assert s.scalars(select(Item)).all() == []
    report, _ = ingest(other, again=True)
    assert report.counts.done == 1


def test_what_was_forgotten_is_taken_at_once_from_another_address_if_asked_for(
    site: Server, settings: Settings
) -> None:
    from utils.housekeeping import forgetting

    report, _ = ingest(f"{site.url}/watch/listed")
    forgetting.forget(forgetting.preview([report.items[0].item_id or ""], settings), settings)
    report, _ = ingest(f"{site.url}/watch/plain", again=True)
    assert report.counts.done == 1


def test_a_throttled_site_is_asked_again_after_its_delay(site: Server) -> None:
    report, _ = ingest(f"{site.url}/watch/busy")
    assert report.counts.done == 1
    assert site.count("/media/busy.mp4") == 2


def test_while_a_site_throttles_one_of_many_nobody_asks_it(site: Server) -> None:
    """Six entries, four items in work, two downloads at once; the second entry gets a 429."""
    report, _ = ingest(f"{site.url}/watch/crowd", concurrency=4)
    assert report.counts.failed == 0
    assert len(archived()) == 6
    over = rest_is_over_at("download")
    entries = [(x.at, Path(x.path).stem) for x in site.asked if "crowd-" in x.path]
    # What shared the lane with the refused step goes on; nothing else begins before the rest is
    # over. (The lane's own ends as much sooner as the word to others took: no tenth of it.)
    during = {name for at, name in entries if over - 4 < at < over - 0.4}
    assert len(during - {"crowd-1"}) <= 1
    refused, again = (x.at for x in site.asked if x.path == "/media/crowd-1.mp4")
    assert refused < over - 4 < over - 0.4 < again
    begun = {name for at, name in entries if at < over - 0.4}
    assert len(begun) <= 4
    assert {"crowd-1", "crowd-5"} <= {name for at, name in entries if at > over - 0.4}


def rest_is_over_at(name: str) -> float:
    """The moment at which a lane's last rest ends, by time.monotonic()."""
    with session() as s:
        until = datetime.fromisoformat(flags.get(s, throttles.PREFIX + name).value["until"])
    return time.monotonic() + (until - datetime.now(UTC)).total_seconds()


def test_a_body_cut_short_is_fetched_again(site: Server) -> None:
    report, _ = ingest(f"{site.url}/watch/cut")
    assert report.counts.done == 1
    assert archived() == {f"{site.url}/watch/cut"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("silent-cut", "no whole media file"),  # half a body, no Content-Length: yt-dlp takes it
        ("page", "no whole media file"),
        ("nothing", "not get any data"),
        ("gone", "404"),
        ("private", "private"),
    ],
)
def test_what_is_no_whole_media_file_fails_is_not_archived_and_leaves_nothing(
    site: Server, settings: Settings, name: str, why: str
) -> None:
    report, _ = ingest(f"{site.url}/watch/{name}", f"{site.url}/watch/plain")
    found = outcomes(report)
    assert found[name][0] == "failed"  # and is tried again: a site may be in a mood
    assert why in found[name][1]
    assert report.counts.done == 1
    assert archived() == {f"{site.url}/watch/plain"}
    assert list((settings.home / "incoming").iterdir()) == []
    with session() as s:
        assert len(s.scalars(select(Item)).all()) == 1


def test_a_night_fetches_what_is_new_at_an_address(site: Server) -> None:
    with session() as s:
        sources.add(s, f"{site.url}/watch/plain")
    assert work_a_night(QUICK).counts.done == 1
    assert work_a_night(QUICK).status is RunStatus.NOTHING_TO_DO
    assert site.count("/media/plain.mp4") == 1


def test_what_could_not_be_fetched_in_three_nights_waits_for_a_person(site: Server) -> None:
    with session() as s:
        sources.add(s, f"{site.url}/watch/gone")
    assert [work_a_night(QUICK).items[0].outcome.value for _ in range(3)] == [
        "failed", "failed", "quarantined",
    ]  # fmt: skip
    asked = site.count("/media/gone.mp4")
    report = work_a_night(QUICK)
    assert outcomes(report)["gone"][0] == "waits_for_you"
    assert "404" in outcomes(report)["gone"][1]
    assert report.status is RunStatus.NOTHING_TO_DO
    assert site.count("/media/gone.mp4") == asked
    with session() as s:
        (failure,) = failures.failures(s, failures.Choice())
        assert (failure.where, failure.status) == (f"{site.url}/watch/gone", "quarantined")
        assert failures.requeue(s, failures.Choice((failure.item_id,))) == [failure.item_id]
    assert work_a_night(QUICK).items[0].outcome.value == "failed"
    assert site.count("/media/gone.mp4") > asked


def test_an_address_that_a_person_named_is_tried_again_by_the_next_night(site: Server) -> None:
    gone = f"{site.url}/watch/gone"
    ingest(gone)
    asked = site.count("/media/gone.mp4")
    report = work_a_night(QUICK)
    assert outcomes(report)["gone"][0] == "failed"
    assert site.count("/media/gone.mp4") > asked


def test_an_address_that_was_fetched_after_all_has_not_failed(site: Server) -> None:
    with session() as s:
        addresses.settle_failed(s, f"{site.url}/watch/plain", RetryableError("no answer"), 3)
    assert work_a_night(QUICK).counts.done == 1
    with session() as s:
        assert addresses.listed(s) == []


def test_a_source_whose_site_does_not_answer_fails_the_night(site: Server) -> None:
    nowhere = "http://127.0.0.1:1/watch/plain"
    with session() as s:
        sources.add(s, nowhere)
    report = work_a_night(QUICK)
    assert report.status is RunStatus.FAILED
    assert [(one.path, one.kind, one.outcome.value) for one in report.items] == [
        (nowhere, "source", "failed")
    ]
    with session() as s:
        (look,) = sources.failing(s)
        assert (look.location, look.error_class) == (nowhere, "RetryableError")


def test_hls_and_a_plain_file_come_through_the_same_door(site: Server) -> None:
    report, _ = ingest(f"{site.url}/hls/index.m3u8", f"{site.url}/media/plain.mp4")
    assert report.counts.done == 2


def test_a_verified_download_outlives_a_database_that_is_locked_when_it_is_registered(
    site: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, register = f"{site.url}/watch/plain", items.register
    originals = settings.home / "items"

    def locked(*_args: Any, **_kwargs: Any) -> None:
        raise RetryableError("The database is locked.")

    monkeypatch.setattr(items, "register", locked)
    report, _ = ingest(url)
    assert outcomes(report)["plain"] == ("failed", "The database is locked.")
    (kept,) = (settings.home / "incoming").iterdir()
    assert any(kept.iterdir())
    assert not list(originals.rglob("original.*"))  # no link that no table knows
    monkeypatch.setattr(items, "register", register)
    report, _ = ingest(url)
    assert report.counts.done == 1
    assert site.count("/media/plain.mp4") == 1  # not fetched again
    assert list((settings.home / "incoming").iterdir()) == []
