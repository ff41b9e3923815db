"""`speakers` and `correct`: what people say of an item's speech is shown and found at once."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.unit.db.test_library import add, load
from tests.unit.db.test_voices import ANNA, BEN, executed, found
from utils.clock import now
from utils.db import transcripts, voices
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models.record import SegmentRecord
from utils.models.transcript import Segment, Transcript

SRT = "1\n00:00:01,000 --> 00:00:02,000\nthe leuchtturm\n"


def said(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def hits(words: str) -> list[str]:
    return [hit["snippet"] for hit in said("search", words)]


@pytest.fixture
def item() -> str:
    """An item that is done, in which a machine heard two people."""
    segments = tuple(
        Segment(start_seconds=10.0 * n, end_seconds=10.0 * n + 9, text=text)
        for n, text in enumerate(("good evening", "the lighthouse"))
    )
    item_id = add("film", duration_seconds=20.0, segments=tuple(map(SegmentRecord.of, segments)))
    with session() as s:
        s.execute(update(Item).values(status="done", done_key="k", processed_at=now()))
    executed(item_id, transcripts.STEP, Transcript(engine="whisper", segments=segments))
    executed(item_id, voices.STEP, found(ANNA, BEN))
    return item_id


def test_a_name_is_shown_and_what_its_voice_says_is_found_by_it(item: str) -> None:
    rows = said("speakers", item, "--name", "2=Anna Lee")["speakers"]
    assert [(row["label"], row["seconds"], row["sample"]) for row in rows] == [
        ("Speaker 1", 20.0, "good evening"),
        ("Anna Lee", 20.0, "the lighthouse"),
    ]
    assert hits('"anna lee"')[0].endswith("Anna Lee: the lighthouse")
    assert said("show", item)["transcript"]["segments"][1]["speaker"] == "Anna Lee"
    assert said("speakers") == [{"name": "Anna Lee", "items": 1}]
    assert said("speakers", "--forget", "Anna Lee")["items"] == [item]
    assert [part.speaker for part in load(item).segments] == ["Speaker 1", "Speaker 2"]


def test_a_persons_words_are_shown_and_found_and_can_be_taken_back(
    item: str, tmp_path: Path
) -> None:
    (tmp_path / "x.srt").write_text(SRT)
    said("correct", item, "--from", tmp_path / "x.srt")
    assert hits("leuchtturm")
    shown = said("show", item)["transcript"]
    assert (shown["text"], bool(shown["corrected_at"])) == ("the leuchtturm", True)
    with session() as s:
        assert s.get_one(Item, item).done_key is None  # its summary is due
    said("correct", item, "--undo")
    assert said("show", item)["transcript"]["text"] == "good evening the lighthouse"
    assert load(item).segments[1].text == "the lighthouse"


def test_a_bad_file_changes_nothing(item: str, tmp_path: Path) -> None:
    (tmp_path / "x.srt").write_text("no subtitles")
    before = load(item)
    for source, error in ((tmp_path / "x.srt", PermanentError), (tmp_path / "y.srt", UsageError)):
        with pytest.raises(error):
            said("correct", item, "--from", source)
    with pytest.raises(UsageError, match="nothing to undo"):
        said("correct", item, "--undo")
    assert load(item) == before
    with session() as s:
        assert s.get_one(Item, item).done_key == "k"


def test_an_item_in_work_is_left_alone(item: str, tmp_path: Path) -> None:
    (tmp_path / "x.srt").write_text(SRT)
    with session() as s:
        s.execute(update(Item).values(claimed_by="somebody"))
    with pytest.raises(PermanentError, match="working on"):
        said("correct", item, "--from", tmp_path / "x.srt")
    with pytest.raises(PermanentError, match="working on"):
        said("speakers", item, "--name", "1=Anna")
