"""Rules in whole runs: what they leave out, what they change, and what a change of them redoes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.flows.test_shift import executions, ingest, outcomes, steps, work_a_night
from tests.media import Clips
from utils.config import Settings
from utils.db import items
from utils.db.session import session

pytestmark = pytest.mark.usefixtures("prefect_server")

RULES = """
rules:
  - name: no pictures
    when: {{kind: image}}
    then: {{skip: true}}
  - name: short tones
    when: {{duration: {{max: 1m}}, path: "*/TONE*"}}
    then: {{options: {{compression.audio_kbps: {kbps}}}, priority: low}}
"""


@pytest.fixture
def library(clips: Clips, tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    shutil.copy(clips.tone, folder / "tone.wav")
    shutil.copy(clips.image, folder / "image.jpg")
    return folder


def show(*arguments: str) -> Any:
    finished = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    found = json.loads(finished.output)
    return found[0] if isinstance(found, list) else found


def test_rules_leave_out_change_and_redo_only_what_they_touch(
    library: Path, settings: Settings
) -> None:
    settings.rules_file.write_text(RULES.format(kbps=24))
    report, _ = ingest(library)
    assert outcomes(report)["image.jpg"] == ("skipped", "left out by the rule no pictures")
    assert outcomes(report)["tone.wav"][0] == "done"
    (tone,) = [one.item_id for one in report.items if one.path.endswith("tone.wav")]
    with session() as s:
        rows = {row.title: row for row in items.preload(s, [one.item_id for one in report.items])}
    assert (rows["tone"].status, rows["tone"].priority) == ("done", -1)
    assert rows["image"].status == "skipped"

    before = executions()  # the same again: nothing
    report, _ = ingest(library)
    assert executions() == before
    assert outcomes(report)["image.jpg"][1] == "left out by the rule no pictures"

    planned = show("plan", str(library / "tone.wav"))
    assert planned["rules"] == ["short tones"]
    assert show("plan", str(library / "image.jpg"))["rules"] == ["no pictures"]
    why = show("why", tone, "compress_audio")
    assert [rule["name"] for rule in why["rules"]] == ["short tones"]
    assert '"audio_kbps": 24' in json.dumps(why["executions"])
    tried = show("rules", "test", str(library / "tone.wav"))
    assert {row["rule"]: row["applies"] for row in tried["rules"]} == {
        "no pictures": False,
        "short tones": True,
    }

    renamed = RULES.replace("short tones", "tones").format(kbps=24)
    settings.rules_file.write_text(renamed)
    assert work_a_night().counts.done == 0
    assert executions() == before

    settings.rules_file.write_text(RULES.format(kbps=48).replace("kind: image", "kind: video"))
    report = work_a_night()
    assert {name: found[0] for name, found in outcomes(report).items()} == {
        "tone.wav": "done",
        "image.jpg": "done",
    }
    again = {name for name, step in steps(tone).items() if step.executions > 1}
    assert again <= {"compress_audio", "create_model", "store_item"} and "compress_audio" in again
