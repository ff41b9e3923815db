"""Nights with a window, a pause, too little room and another shift beside: real flows, and a clock
that can be set."""

import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from tests.conftest import Override
from tests.flows.test_shift import executions, outcomes, steps, work_a_night
from tests.media import Clips, ffmpeg
from utils import clock
from utils.clock import Clock
from utils.config import Settings, load_settings
from utils.db import flags, items, leases, sources, workers
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import Entry
from utils.models.shift import RunStatus

pytestmark = pytest.mark.usefixtures("prefect_server")

WINDOW = "22:00-06:00"


class Night:
    """A clock that stands still but where somebody waits; ``meanwhile`` happens as they do."""

    def __init__(self) -> None:
        self.time, self.waited = at(3), 0.0
        self.meanwhile: deque[Callable[[], Any]] = deque()

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.waited += seconds
        if self.meanwhile:
            self.meanwhile.popleft()()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


@pytest.fixture
def night(settings: Settings) -> Iterator[Night]:
    night = Night()
    with clock.set_to(Clock(lambda: night.time, lambda: night.waited, night.wait)):
        yield night


@pytest.fixture
def inbox(settings: Settings, clips: Clips) -> Path:
    settings.inbox.mkdir()
    shutil.copy(clips.image, settings.inbox / "image.jpg")
    return settings.inbox


def standing() -> dict[str, tuple[str, int, str | None]]:
    with session() as s:
        return {
            item.title: (item.status, item.tries, item.claimed_by)
            for item in s.scalars(select(Item))
        }


def test_a_shift_outside_its_window_says_when_the_next_is_and_does_nothing(
    night: Night, inbox: Path
) -> None:
    night.time = at(12)
    report = work_a_night(window=WINDOW, timezone="Europe/Berlin")
    assert report.status is RunStatus.NOTHING_TO_DO
    assert report.reason == (
        "outside the window 22:00-06:00 (Europe/Berlin): the next opens at 2026-11-23 22:00 CET"
    )
    assert standing() == {}
    assert executions() == 0


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The task runs of items, as Prefect tells of each when it has ended."""
    from subflows.fan_out import work_on

    runs = []
    for hooks in ("on_completion_hooks", "on_failure_hooks"):
        monkeypatch.setattr(work_on, hooks, [lambda _task, run, _state: runs.append(run.name)])
    return runs


def test_what_would_not_be_through_in_time_keeps_its_place(
    night: Night, inbox: Path, ended: list[Any]
) -> None:
    long = inbox / "a long lecture.flac"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "10800", long)
    night.time = at(5, 45)
    report = work_a_night(window=WINDOW)
    assert {name: outcome for name, (outcome, _) in outcomes(report).items()} == {
        "image.jpg": "done"
    }
    assert (report.left_over, report.status) == (1, RunStatus.PARTIAL)
    assert "did not fit before the window 22:00-06:00 (UTC) closes" in report.reason
    assert standing()["a long lecture"] == ("pending", 0, None)
    assert len(ended) == 1  # what waits is no task run


def test_an_empty_window_is_refused_before_the_run_begins(settings: Settings) -> None:
    for window, says in (("", "no window such as 22:00-06:00"), ("22:00-22:00", "is empty")):
        assert says in str(work_a_night(window=window))
    assert "no time zone" in str(work_a_night(window=WINDOW, timezone="Mars/Base"))
    assert not settings.inbox.exists()


def test_a_paused_shift_waits_until_it_is_resumed(night: Night, inbox: Path) -> None:
    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": "disks"})

    def resume() -> None:
        with session() as s:
            assert items.count_by_status(s) == {items.IN_WORK: 1}
        assert executions() == 0
        with session() as s:
            flags.remove(s, flags.PAUSED)

    night.meanwhile.append(resume)
    report = work_a_night()
    assert (report.counts.done, report.left_over, report.reason) == (1, 0, None)


def test_a_disk_without_room_ends_the_shift_and_fails_no_item(
    night: Night, inbox: Path, clips: Clips, override: Override
) -> None:
    shutil.copy(clips.tone, inbox / "tone.wav")
    override(min_free_bytes=2**60, room_wait_seconds=60)
    report = work_a_night()
    assert (report.counts.failed, report.left_over) == (1, 1)
    assert "NIGHTSHIFT_MIN_FREE_BYTES" in report.reason
    assert executions() == 0
    assert set(standing().values()) == {("pending", 0, None)}
    override(min_free_bytes=0)
    assert work_a_night().counts.done == 2


def test_a_lack_of_room_in_the_middle_of_an_item_is_waited_out(
    night: Night, inbox: Path, clips: Clips, override: Override, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    published.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", published], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system can't be mounted here")
    try:
        (published / "filler").write_bytes(bytes(2**20))
        override(publish_url=SecretStr(published.as_uri()))
        night.meanwhile.append((published / "filler").unlink)
        report = work_a_night()
        assert (report.counts.done, report.counts.failed, report.left_over) == (1, 0, 0)
        counts = {name: step.executions for name, step in steps(report.items[0].item_id).items()}
        assert counts.pop("upload_thumbnails") == 2
        assert set(counts.values()) == {1}
        assert standing()["image"] == ("done", 0, None)
    finally:
        subprocess.run(["umount", published], check=True)


def test_a_source_that_another_shift_looks_into_is_left_to_it(
    night: Night, inbox: Path, clips: Clips, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(clips.tone, theirs / "tone.wav")
    with session() as s:
        sources.add(s, str(theirs))
        workers.register(s, "another shift", None, 600)
        assert leases.acquire(s, "another shift", [f"source:{theirs}"])
    report = work_a_night()
    assert outcomes(report)["theirs"] == ("skipped", "another shift is looking into it")
    assert (report.counts.done, report.status) == (1, RunStatus.SUCCESS)
    with session() as s:
        workers.unregister(s, "another shift")
    assert work_a_night().counts.done == 1


def test_the_sources_of_a_shift_are_free_when_it_is_over(
    night: Night, inbox: Path, settings: Settings
) -> None:
    work_a_night()
    with session() as s:
        assert leases.acquire(s, "next", [f"source:{inbox}"]) == [f"source:{inbox}"]


def test_entries_of_a_site_get_half_of_a_shift_that_has_more_items_than_it_takes(
    settings: Settings,
) -> None:
    from flows.night_shift import _half, _shared

    entries = [Entry(url=f"https://x/{n}", site="x", site_id=str(n)) for n in range(3)]
    items = [f"item {n}" for n in range(9)]
    assert _shared(4, entries, items[: 4 - _half(4, entries)]) == [
        "item 0", entries[0], "item 1", entries[1],
    ]  # fmt: skip
    assert _shared(4, entries, items[:1]) == ["item 0", *entries]
    assert _shared(1, entries, items[: 1 - _half(1, entries)]) == [entries[0]]
    assert _shared(4, [], items[: 4 - _half(4, [])]) == items[:4]


def test_an_entry_that_another_run_fetches_is_left_to_it(night: Night, clips: Clips) -> None:
    from tasks.ingestion import list_entries
    from tests.servers.site import video_site

    with video_site(clips.video, seconds=4) as site:
        with session() as s:
            sources.add(s, f"{site.url}/watch/plain")
        listed = list_entries(f"{site.url}/watch/plain", load_settings())
        assert isinstance(listed, list)
        (entry,) = listed
        with session() as s:
            workers.register(s, "another run", None, 600)
            leases.acquire(s, "another run", [f"entry:{entry.item_id}"])
        report = work_a_night()
        assert outcomes(report)["plain"] == ("skipped", "another run is fetching it")
        assert site.count("/media/plain.mp4") == 0
        with session() as s:
            workers.unregister(s, "another run")
        assert work_a_night().counts.done == 1
