"""What people say of an item's speech outlives the runs over it."""

import shutil
from pathlib import Path

import pytest

from tests.flows.test_shift import ingest
from tests.media import Clips
from tests.unit.speech.test_speakers import DIALOGUE
from utils.db import corrections, ledger, library, voices
from utils.db.session import session
from utils.models.options import PipelineOptions
from utils.models.transcript import Segment

pytestmark = pytest.mark.usefixtures("prefect_server")
STORED = PipelineOptions(only=("store_item",)).without("analyze_content", "ai_video_analysis")


def test_a_persons_words_are_there_after_another_run(clips: Clips, tmp_path: Path) -> None:
    path = shutil.copy(clips.tone, tmp_path / "tone.wav")
    report, _ = ingest(path, options=STORED)
    item_id = report.items[0].item_id
    assert item_id
    said = Segment(start_seconds=0.5, end_seconds=1.0, text="by a person", speaker="Anna")
    with session() as s:
        assert library.load(s, item_id).segments == ()
        corrections.save(s, item_id, [said], "x.srt")
        library.make_due(s, item_id)
    ingest(path, options=STORED)
    with session() as s:
        (kept,) = library.load(s, item_id).segments
        assert (kept.text, kept.speaker) == ("by a person", "Anna")
        steps = {step.step: step.executions for step in ledger.steps_of(s, item_id)}
    assert steps["transcribe_audio"] == 1  # recalled: what the machine heard is the same
    assert steps["store_item"] == 2


def test_voices_told_apart_by_one_run_have_their_names_in_the_next(tmp_path: Path) -> None:
    path = shutil.copy(DIALOGUE, tmp_path / "dialogue.opus")
    report, _ = ingest(path, options=PipelineOptions(only=("identify_speakers",)))
    item_id = report.items[0].item_id
    assert item_id
    with session() as s:
        voices.name(s, item_id, 2, "Ben")
        corrections.save(s, item_id, [Segment(start_seconds=6.5, end_seconds=9, text="x")], "x.srt")
    ingest(path, options=STORED.without("transcribe_audio"))
    with session() as s:
        assert [part.speaker for part in library.load(s, item_id).segments] == ["Ben"]
