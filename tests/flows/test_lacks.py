"""A step that fails and is not essential: the item is done, and says what it lacks and why."""

import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from tests.conftest import Override
from tests.flows.test_shift import QUICK, ingest, outcomes, steps, work_a_night
from tests.media import Clips
from tests.unit.media.probing.test_mediainfo import inflating_png
from utils.db.schema import Item
from utils.db.session import session
from utils.media.probing import exiftool
from utils.models.shift import RunStatus
from utils.processes import deadline
from utils.processes.open_tool import OpenTool

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No delay between tries, and an ExifTool that has less memory: it is used up sooner."""
    monkeypatch.setattr(
        exiftool, "tool", OpenTool("ExifTool", exiftool.command, 64 << 20, 16 << 20)
    )
    monkeypatch.setattr(deadline, "pause", lambda _seconds: None)


def test_a_tool_that_breaks_on_a_file_does_not_fail_the_item(tmp_path: Path) -> None:
    photo = inflating_png(tmp_path / "photo.png", b"zTXt", 120 << 20)
    report, _ = ingest(photo)
    (item,) = report.items
    assert report.status is RunStatus.SUCCESS
    assert item.outcome.value == "waits_for_you"  # for its verdict; the step fails nothing
    assert [lack.step for lack in item.lacks] == [
        "extract_exiftool", "extract_extended_exif", "find_work", "detect_focal_length",
    ]  # fmt: skip
    assert "64 MiB of memory" in item.lacks[0].reason
    assert item.lacks[1].reason == "needs extract_exiftool"
    assert not any(lack.may_pass for lack in item.lacks)
    assert item.verdict
    assert "Lacks extract_exiftool: ExifTool broke on photo.png" in report.report.read_text()
    report, _ = ingest(photo)
    assert outcomes(report)["photo.png"] == ("skipped", "already done")
    assert work_a_night().status is RunStatus.NOTHING_TO_DO


def test_what_may_pass_is_tried_again_by_later_nights_until_the_tries_are_used_up(
    clips: Clips, tmp_path: Path, override: Override
) -> None:
    photo = tmp_path / "photo.jpg"
    shutil.copy(clips.image, photo)
    (tmp_path / "occupied").touch()
    override(publish_url=SecretStr((tmp_path / "occupied" / "below").as_uri()))
    report, _ = ingest(photo)
    (item,) = report.items
    assert (item.outcome.value, item.lacks[0].step) == ("done_with_lacks", "upload_thumbnails")
    assert item.lacks[0].may_pass
    assert work_a_night().counts.done_with_lacks == 1
    (tmp_path / "occupied").unlink()
    assert work_a_night().items[0].lacks == ()
    assert work_a_night().status is RunStatus.NOTHING_TO_DO
    counts = {name: step.executions for name, step in steps(item.item_id).items()}
    assert counts.pop("upload_thumbnails") > 1
    assert set(counts.values()) == {1}


def test_a_step_that_was_asked_for_alone_is_not_lacked_but_fails(tmp_path: Path) -> None:
    photo = inflating_png(tmp_path / "photo.png", b"zTXt", 120 << 20)
    report, _ = ingest(photo, options=QUICK.model_copy(update={"only": ("extract_exiftool",)}))
    assert outcomes(report)["photo.png"][0] == "failed"


def test_the_tries_of_a_done_item_are_counted(clips: Clips, override: Override) -> None:
    override(publish_url=SecretStr((clips.image / "below").as_uri()), max_tries=2)
    ingest(clips.image)
    assert work_a_night().items[0].lacks[0].may_pass
    assert work_a_night().status is RunStatus.NOTHING_TO_DO
    with session() as s:
        (item,) = s.scalars(select(Item))
        assert (item.status, item.tries) == ("done", 2)
        assert item.done_key
        assert item.lacks[0]["step"] == "upload_thumbnails"
