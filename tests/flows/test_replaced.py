"""A file that becomes another one while it is worked on: nothing of the mixture is kept."""

import os
import shutil
from pathlib import Path

import pytest

from tests.flows.test_shift import ingest, outcomes, steps
from tests.media import Clips
from utils.observability import progress
from utils.processes import deadline

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.parametrize("label", ["asking ExifTool", "decoding all of it"])
def test_a_file_replaced_while_it_is_read_fails_and_leaves_nothing_of_the_other(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    monkeypatch.setattr(deadline, "pause", lambda _seconds: None)
    photo, other = tmp_path / "photo.jpg", tmp_path / "other"
    shutil.copy(clips.image, photo)
    other.write_bytes(clips.image.read_bytes() + b"more")

    def replace(event: progress.Event) -> None:
        if isinstance(event, progress.Stepping) and event.label == label and other.exists():
            os.replace(other, photo)

    with progress.watching(replace):
        report, _ = ingest(photo)
    assert outcomes(report)["photo.jpg"][0] == "failed"
    assert "photo.jpg changed while it was worked on" in outcomes(report)["photo.jpg"][1]
    name = {"asking ExifTool": "extract_exiftool", "decoding all of it": "analyze_signal"}[label]
    assert steps(report.items[0].item_id)[name].status == "failed"
    report, _ = ingest(photo)
    assert outcomes(report)["photo.jpg"][0] == "done"
