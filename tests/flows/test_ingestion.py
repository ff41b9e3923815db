"""One source, looked into by the flow `run-ingestion`: what is new, changed, moved and gone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from sqlalchemy import func, select, update

from tests.flows.test_shift import QUICK, executions, outcomes, told, work_a_night
from tests.media import Clips
from tests.paths import PROJECT
from tests.waiting import until
from utils.config import Settings
from utils.db import addresses, leases, ledger, source_reports, sources, workers
from utils.db.schema import Execution, Item, Run
from utils.db.session import session
from utils.db.source_tables import Source, SourceFile, SourceFileVersion
from utils.errors import RetryableError
from utils.housekeeping import recovery
from utils.models.found_object import FoundObject
from utils.models.shift import RunStatus
from utils.models.source import SourceDefinition, SourceKind, SourceOptions, Trigger

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def folder(clips: Clips, tmp_path: Path) -> Path:
    folder = tmp_path / "camera"
    (folder / "2026").mkdir(parents=True)
    shutil.copy(clips.image, folder / "image.jpg")
    shutil.copy(clips.tone, folder / "2026" / "tone.wav")
    return folder


def defined(url: str | Path, kind: SourceKind = SourceKind.FOLDER, **facts: Any) -> str:
    with session() as s:
        wanted = SourceDefinition(name="camera", kind=kind, url=str(url), **facts)
        return sources.define(s, wanted).id


def look(source: str, trigger: Trigger = Trigger.MANUAL, **parameters: Any) -> Any:
    """Its report, or the error that ended it."""
    from flows.run_ingestion import run_ingestion

    given = {"options": QUICK, **parameters}
    state: State[Any] = run_ingestion(source, trigger, return_state=True, **given)
    return told(state)


def rows(source: str) -> dict[str, SourceFile]:
    with session() as s:
        found = s.scalars(select(SourceFile).where(SourceFile.source_id == source))
        return {row.key: row for row in found}


def statuses(source: str) -> dict[str, str]:
    return {key: row.status for key, row in rows(source).items()}


def metrics() -> dict[str, Any]:
    """What the last run found, without what it did not."""
    with session() as s:
        run = s.scalars(select(Run).order_by(Run.started_at.desc())).first()
    return {name: number for name, number in run.metrics.items() if number and name != "is_whole"}


def test_what_is_new_in_a_folder_is_taken_once(folder: Path) -> None:
    source = defined(folder)
    report = look(source, Trigger.SCHEDULED)
    assert (report.status, report.counts.done) == (RunStatus.SUCCESS, 2)
    assert statuses(source) == {"image.jpg": "success", "2026/tone.wav": "success"}
    assert metrics() == {"listed": 2, "new": 2, "success": 2}
    with session() as s:
        run = s.scalars(select(Run)).one()
    assert (run.flow, run.source_id, run.trigger) == ("run-ingestion", source, "scheduled")
    before = executions()
    again = look(source)
    assert (again.status, again.items) == (RunStatus.NOTHING_TO_DO, ())
    assert metrics() == {"listed": 2, "unchanged": 2}
    assert executions() == before


def test_a_changed_file_is_a_new_version_a_moved_one_none_and_the_old_item_stays(
    folder: Path, clips: Clips
) -> None:
    source = defined(folder)
    look(source)
    first = rows(source)["image.jpg"].item_id
    shutil.copy(clips.video, folder / "new.tmp")
    (folder / "new.tmp").replace(folder / "image.jpg")
    (folder / "2026" / "tone.wav").rename(folder / "renamed.wav")
    (folder / "2026").rmdir()
    report = look(source)
    assert [Path(item.path).name for item in report.items] == ["image.jpg"]
    assert metrics() == {"listed": 2, "changed": 1, "moved": 1, "success": 1}
    found = rows(source)
    assert set(found) == {"image.jpg", "renamed.wav"}
    assert (found["image.jpg"].version, found["renamed.wav"].version) == (2, 1)
    assert found["image.jpg"].item_id != first
    with session() as s:
        (former,) = s.scalars(select(SourceFileVersion))
        assert (former.key, former.version, former.item_id) == ("image.jpg", 1, first)
        assert s.get_one(Item, first).status == "done"
    (folder / "renamed.wav").touch()  # another time, the same content
    (folder / "image.jpg").unlink()
    assert look(source).status is RunStatus.NOTHING_TO_DO
    assert metrics() == {"listed": 1, "unchanged": 1, "vanished": 1}
    assert rows(source)["image.jpg"].vanished_at
    assert rows(source)["renamed.wav"].version == 1


def test_a_run_with_failed_files_is_partial_and_what_failed_waits_for_a_retry(
    folder: Path, clips: Clips
) -> None:
    (folder / "empty.mp4").touch()
    shutil.copy(clips.half, folder / "half.mp4")
    shutil.copy(folder / "image.jpg", folder / "image (copy).jpg")
    source = defined(folder)
    report = look(source)
    assert report.status is RunStatus.PARTIAL
    assert {name: outcome for name, (outcome, _) in outcomes(report).items()} == {
        "image.jpg": "done", "tone.wav": "done", "image (copy).jpg": "skipped",
        "empty.mp4": "quarantined", "half.mp4": "quarantined",
    }  # fmt: skip
    assert statuses(source) == {
        "image.jpg": "success", "2026/tone.wav": "success", "image (copy).jpg": "skipped",
        "empty.mp4": "failed", "half.mp4": "failed",
    }  # fmt: skip
    assert metrics() == {"listed": 5, "new": 5, "success": 2, "failed": 2, "skipped": 1}
    report = look(source)
    assert {outcome for outcome, _ in outcomes(report).values()} == {"waits_for_you"}
    assert report.status is RunStatus.NOTHING_TO_DO
    shutil.copy(clips.tone, folder / "new.wav")
    report = look(source, Trigger.RETRY)
    assert {name: outcome for name, (outcome, _) in outcomes(report).items()} == {
        "half.mp4": "quarantined"
    }
    assert report.status is RunStatus.FAILED
    assert "new.wav" not in rows(source)


def test_a_source_that_is_paused_or_in_another_run_is_left(folder: Path) -> None:
    source = defined(folder)
    with session() as s:
        workers.register(s, "another", None, 600)
        leases.acquire(s, "another", [f"source:{folder}"])
    report = look(source)
    assert outcomes(report) == {"camera": ("skipped", "another shift is looking into it")}
    with session() as s:
        workers.unregister(s, "another")
        s.get_one(Source, source).paused_at = datetime.now(UTC)
    report = look(source)
    assert report.status is RunStatus.NOTHING_TO_DO
    assert "nightshift source resume camera" in report.items[0].reason
    assert "is no source" in str(look("nothing of this name"))
    assert rows(source) == {}


def test_a_folder_that_is_away_fails_the_run_and_nothing_has_vanished(folder: Path) -> None:
    source = defined(folder)
    look(source)
    with session() as s:  # something there waits
        s.execute(update(Item).values(status="pending"))
        s.execute(update(SourceFile).values(status="failed", tries=1))
    away = folder.rename(folder.with_name("away"))
    for says in ("is not there", "is empty; 2 were there before"):
        report = look(source)
        assert report.status is RunStatus.FAILED
        (told_of,) = report.items
        assert says in told_of.error
        folder.mkdir(exist_ok=True)
    assert not any(row.vanished_at for row in rows(source).values())
    folder.rmdir()
    away.rename(folder)
    report = look(source, Trigger.RETRY)
    assert (report.status, report.counts.done) == (RunStatus.SUCCESS, 2)


def test_a_night_looks_the_same_way_and_takes_what_a_source_says_of_its_items(
    folder: Path, settings: Settings
) -> None:
    source = defined(
        folder, pattern="*.JPG", options=SourceOptions(pipeline={"thumbnail_count": 2})
    )
    assert work_a_night().counts.done == 1
    assert statuses(source) == {"image.jpg": "success"}
    with session() as s:
        inputs = s.scalars(
            select(Execution.inputs).where(Execution.step == "generate_thumbnails")
        ).all()
    assert any("2" in str(one) for one in inputs)
    with session() as s:
        s.get_one(Source, source).paused_at = datetime.now(UTC)
    shutil.copy(folder / "2026" / "tone.wav", folder / "other.jpg")
    assert work_a_night().status is RunStatus.NOTHING_TO_DO


class Bucket:
    """A lister and a reader as buckets have them, over files in memory; may break or change."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.listed_after: list[str | None] = []
        self.cut_after: str | None = None
        self.is_down = False
        self.before_read: Callable[[str], None] = lambda key: None

    def etag(self, key: str) -> str:
        return f"{hash(self.objects[key]):x}"

    def list_pages(
        self, definition: SourceDefinition, settings: Settings, after: str | None
    ) -> Iterator[list[FoundObject]]:
        self.listed_after.append(after)
        if self.is_down and after is not None:
            raise RetryableError("The bucket does not answer.")
        for key in sorted(self.objects):
            if after is not None and key <= after:
                continue
            yield [FoundObject(key=key, size_bytes=len(self.objects[key]), etag=self.etag(key))]
            if key == self.cut_after:
                raise RetryableError("The bucket does not answer.")

    def fetch(
        self, definition: SourceDefinition, found: FoundObject, target: Path, settings: Settings
    ) -> None:
        self.before_read(found.key)
        if found.key not in self.objects or self.etag(found.key) != found.etag:
            raise RetryableError(f"{found.key} changed since it was listed.")
        target.write_bytes(self.objects[found.key])


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    from tasks import policy
    from utils.sources import buckets

    made = Bucket()
    monkeypatch.setattr(buckets, "list_pages", made.list_pages)
    monkeypatch.setattr(buckets, "fetch", made.fetch)
    monkeypatch.setattr(policy, "_delay", lambda state: 0.0)
    return made


def test_a_buckets_objects_are_fetched_once_each_by_content(
    bucket: Bucket, clips: Clips, settings: Settings
) -> None:
    bucket.objects = {
        "../../../outside.wav": clips.tone.read_bytes(),
        "a\\b\nc.jpg": clips.image.read_bytes(),
        "notes.txt": b"no media",
        "z/copy.jpg": clips.image.read_bytes(),
        "z/half.mp4": clips.half.read_bytes(),
    }
    source = defined("s3://films/in", SourceKind.BUCKET)
    report = look(source)
    assert report.status is RunStatus.PARTIAL
    assert statuses(source) == {
        "../../../outside.wav": "success", "a\\b\nc.jpg": "success", "z/copy.jpg": "skipped",
        "z/half.mp4": "failed",
    }  # fmt: skip
    assert report.left_out == {".txt": 1}
    for item in report.items:
        if item.outcome.value == "done":
            assert Path(item.path).resolve().is_relative_to(settings.home / "items")
            assert "\n" not in item.path
    first = rows(source)["../../../outside.wav"].item_id
    bucket.objects["../../../outside.wav"] = clips.video.read_bytes()
    bucket.objects["moved.jpg"] = bucket.objects.pop("a\\b\nc.jpg")
    look(source)
    found = rows(source)
    assert found["../../../outside.wav"].version == 2
    assert found["../../../outside.wav"].item_id != first
    assert found["moved.jpg"].status == "success"
    assert metrics()["moved"] == metrics()["changed"] == 1


def test_a_listing_that_breaks_off_takes_what_it_saw_and_goes_on_there(
    bucket: Bucket, clips: Clips
) -> None:
    bucket.objects = {"a.jpg": clips.image.read_bytes(), "b.wav": clips.tone.read_bytes()}
    bucket.cut_after = "a.jpg"
    source = defined("s3://films/in", SourceKind.BUCKET)

    report = look(source)
    assert bucket.listed_after == [None, "a.jpg"]  # the same run tries again where it was
    assert (report.status, report.counts.done) == (RunStatus.SUCCESS, 2)
    bucket.objects["c.jpg"] = clips.image.read_bytes() + b"c"
    bucket.cut_after, bucket.is_down = "a.jpg", True
    report = look(source)
    assert report.status is RunStatus.FAILED
    assert "does not answer" in report.items[0].error
    bucket.cut_after, bucket.is_down, bucket.listed_after = None, False, []
    assert look(source).counts.done == 1
    assert bucket.listed_after == ["a.jpg"]  # another run goes on there
    assert not any(row.vanished_at for row in rows(source).values())


def test_a_bucket_that_notifies_is_listed_once_a_day_and_told_of_what_is_new(
    bucket: Bucket, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    from utils.sources import bucket_events
    from utils.sources.bucket_events import Batch

    acknowledged: list[bool] = []

    def received(definition: SourceDefinition, settings: Settings) -> Iterator[Batch]:
        key = "b.wav"
        found = FoundObject(key=key, size_bytes=len(bucket.objects[key]), etag=bucket.etag(key))
        yield Batch([found], ["a.jpg"], lambda: acknowledged.append(key in rows(source)))

    monkeypatch.setattr(bucket_events, "received", received)
    bucket.objects = {"a.jpg": clips.image.read_bytes()}
    queue = SourceOptions(events_url="https://sqs.example/1/films")
    source = defined("s3://films/in", SourceKind.BUCKET, options=queue)
    assert look(source).counts.done == 1  # first all of it
    assert bucket.listed_after == [None] and acknowledged == []

    bucket.objects = {"b.wav": clips.tone.read_bytes()}
    assert look(source).counts.done == 1
    assert bucket.listed_after == [None]  # not listed again
    assert acknowledged == [True]  # once it was recorded
    assert statuses(source) == {"a.jpg": "success", "b.wav": "success"}
    assert rows(source)["a.jpg"].vanished_at and not rows(source)["b.wav"].vanished_at

    monkeypatch.setattr("subflows.notifications._LISTED_EVERY", timedelta(0))
    look(source)
    assert bucket.listed_after == [None, None]  # a day later


def test_an_object_that_changes_or_vanishes_before_it_is_read_is_no_success(
    bucket: Bucket, clips: Clips
) -> None:
    bucket.objects = {"a.jpg": clips.image.read_bytes(), "b.wav": clips.tone.read_bytes()}
    source = defined("s3://films/in", SourceKind.BUCKET)

    def grow(key: str) -> None:
        if key == "a.jpg":
            bucket.objects[key] = clips.video.read_bytes()

    bucket.before_read = grow
    report = look(source)
    assert report.status is RunStatus.PARTIAL
    assert statuses(source) == {"a.jpg": "failed", "b.wav": "success"}
    bucket.before_read = lambda key: None
    report = look(source)
    assert (report.status, report.counts.done) == (RunStatus.SUCCESS, 1)
    row = rows(source)["a.jpg"]
    assert (row.status, row.version) == ("success", 1)  # what was never read is no version
    with session() as s:
        assert addresses.listed(s) == []


def test_a_nights_shift_takes_objects_of_buckets_in_its_limit(bucket: Bucket, clips: Clips) -> None:
    bucket.objects = {f"{n}.jpg": clips.image.read_bytes() + bytes([n]) for n in range(4)}
    source = defined("s3://films/in", SourceKind.BUCKET)
    assert work_a_night(limit=3).counts.done == 3
    assert sorted(statuses(source).values()) == ["discovered", "success", "success", "success"]
    assert work_a_night().counts.done == 1
    with session() as s:
        assert s.scalar(select(func.count()).select_from(Item)) == 4
        assert source_reports.file_counts(s, source) == {"success": 4}
        assert ledger.execution_count(s) > 0


def test_a_run_that_is_killed_leaves_nothing_in_work_and_the_next_repeats_nothing(
    folder: Path, clips: Clips, settings: Settings, prefect_server: str
) -> None:
    shutil.copy(clips.video, folder / "video.mp4")
    source = defined(folder)
    program = (
        "from flows.run_ingestion import run_ingestion\n"
        "from utils.models.options import PipelineOptions\n"
        f"quick = PipelineOptions.model_validate_json({QUICK.model_dump_json()!r})\n"
        f"run_ingestion({source!r}, options=quick)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PREFECT_API_URL": prefect_server},
        cwd=PROJECT,
    ) as process:  # fmt: skip
        until(lambda: is_under_way(source), "work is under way", seconds=240)
        process.kill()
    assert "processing" in statuses(source).values()  # it was in the middle of it
    finished = done()
    recovered = recovery.recover(settings)
    assert recovered.items
    assert not {"processing"} & set(statuses(source).values())
    assert all(row.claimed_by is None for row in rows(source).values())
    report = look(source)
    assert report.status is RunStatus.SUCCESS
    assert set(statuses(source).values()) == {"success"}
    assert done() > finished
    with session() as s:
        of_step = func.count().label("number")
        query = select(of_step).where(Execution.status == "done")
        repeated = s.scalars(query.group_by(Execution.item_id, Execution.step, Execution.key))
        assert max(repeated) == 1


def is_under_way(source: str) -> bool:
    return "processing" in statuses(source).values() and done() > 0


def done() -> int:
    with session() as s:
        finished = select(func.count()).select_from(Execution).where(Execution.status == "done")
        return s.scalar(finished)
