"""Nights over a channel: what is private and returns, streams, the newest."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Override
from tests.flows.test_shift import QUICK, ingest, outcomes, work_a_night
from tests.media import Clips
from tests.servers.loopback import Server
from tests.servers.site import REFUSED, video_site
from utils.db import sources
from utils.db.session import session
from utils.models.source import SourceDefinition, SourceKind, SourceOptions

pytestmark = pytest.mark.usefixtures("prefect_server")
Moods = dict[str, str | dict[str, Any]]
Channels = dict[str, list[dict[str, Any]]]


@pytest.fixture
def moods() -> Moods:
    return {}


@pytest.fixture
def channels() -> Channels:
    return {"c": []}


@pytest.fixture
def site(clips: Clips, moods: Moods, channels: Channels) -> Iterator[Server]:
    with video_site(clips.video, seconds=4, moods=moods, channels=channels) as server:
        yield server


def add(site: Server, since: date | None = None, keep_last: int | None = None, **more: Any) -> str:
    url = f"{site.url}/watch/c"
    with session() as s:
        kind, options = SourceKind.YOUTUBE, SourceOptions(**more)
        wanted = SourceDefinition(
            name="c", kind=kind, url=url, since=since, keep_last=keep_last, options=options
        )
        sources.define(s, wanted)
    return url


def fetched(site: Server) -> set[str]:
    return {Path(one.path).stem for one in site.asked if one.path.startswith("/media/")}


def test_what_was_private_waits_and_is_taken_without_a_person_once_it_is_shown_again(
    site: Server, moods: Moods, channels: Channels, override: Override
) -> None:
    override(max_tries=1)
    add(site)
    moods["ep-1"] = REFUSED["private"]
    channels["c"] = [{"id": "ep-1", "title": "One"}]
    for word in ("quarantined", "waits_for_you"):
        found = outcomes(work_a_night(QUICK))["ep-1"]
        assert found[0] == word
        assert "private" in found[1]
    channels["c"] = [{"id": "ep-1", "title": "[Private video]"}]
    assert outcomes(work_a_night(QUICK))["ep-1"][0] == "skipped"
    channels["c"] = [{"id": "ep-1", "title": "One"}]
    moods.clear()
    assert work_a_night(QUICK).counts.done == 1
    assert fetched(site) == {"ep-1"}


def test_a_stream_waits_told_as_waiting_and_is_taken_once_it_is_over(
    site: Server, moods: Moods, channels: Channels
) -> None:
    add(site)
    channels["c"] = [{"id": "ep-1", "live_status": "is_live"}, {"id": "ep-2"}]
    moods["ep-2"] = {"is_live": True}  # the listing does not say so
    report = work_a_night(QUICK)
    for name in ("ep-1", "ep-2"):
        assert outcomes(report)[name][0] == "skipped"
        assert "once it is over" in outcomes(report)[name][1]
    assert report.counts.failures == 0
    assert fetched(site) == set()
    channels["c"][0]["live_status"] = "was_live"
    moods.clear()
    assert work_a_night(QUICK).counts.failures == 0
    assert fetched(site) == {"ep-1", "ep-2"}


def test_of_a_channel_the_newest_are_taken_and_what_was_taken_stays(
    site: Server, moods: Moods, channels: Channels
) -> None:
    url = add(site, since=date(2024, 5, 5), keep_last=2)
    moods["ep-2"] = {"upload_date": "20240504"}
    channels["c"] = [{"id": f"ep-{number}"} for number in (3, 2, 1)]
    report = work_a_night(QUICK)
    assert "before 2024-05-05" in outcomes(report)["ep-2"][1]
    assert fetched(site) == {"ep-3"}
    assert work_a_night(QUICK).counts.failures == 0  # ep-2 is too old: ep-1 is of the newest two
    assert fetched(site) == {"ep-3", "ep-1"}
    channels["c"] = [{"id": f"ep-{number}"} for number in (5, 4, 3, 2, 1)]
    report, _ = ingest(url)
    assert outcomes(report)["ep-3"] == ("skipped", "fetched before")
    assert fetched(site) == {"ep-5", "ep-4", "ep-3", "ep-1"}


def test_a_run_of_a_source_knows_what_it_wants_and_that_a_channel_of_streams_is_not_empty(
    site: Server, channels: Channels
) -> None:
    from tests.flows.test_ingestion import look

    add(site, keep_last=1)
    channels["c"] = [{"id": "ep-1"}, {"id": "ep-2"}]
    assert look("c").counts.done == 1
    channels["c"] = [{"id": "ep-3", "live_status": "is_live"}]
    report = look("c")
    assert "once it is over" in outcomes(report)["ep-3"][1]
    assert report.counts.failures == 0
    assert fetched(site) == {"ep-1"}
