"""A line in a person's words: words that stay keep their times, others share what is between."""

from pathlib import Path

import pytest

from tests import spoken
from tests.spoken import line
from utils.config import Settings
from utils.db import corrections, items, transcripts
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.transcript import Segment
from utils.speech import line_edits
from utils.speech.line_edits import ChangedMeanwhileError, Edit


@pytest.fixture
def item_id(settings: Settings, tmp_path: Path) -> str:
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF")
    return spoken.add(path, "audio", [line(0, "one two three four"), line(3, "five")])


def edited(item_id: str, number: int, was: str, text: str) -> Segment:
    with session() as s:
        return line_edits.edit(s, items.find(s, item_id), Edit(number, was, text), "Anna")


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("one two THREE four", [0.0, 0.5, 1.0, 1.5]),
        ("two three four", [0.5, 1.0, 1.5]),
        ("so one two three four", [0.0, 0.0, 0.5, 1.0, 1.5]),
        ("one two three four and more", [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]),
    ],
)
def test_words_that_stay_keep_their_times(item_id: str, text: str, starts: list[float]) -> None:
    made = edited(item_id, 0, "one two three four", text)
    assert [word.start_seconds for word in made.words] == starts
    assert "".join(word.text for word in made.words) == text


def test_names_of_voices_are_not_frozen_into_what_people_wrote(item_id: str) -> None:
    edited(item_id, 1, "five", "six")
    with session() as s:
        correction = corrections.of(s, item_id)
        assert correction and [one.speaker for one in correction.segments] == [None, None]
        transcript = transcripts.transcript_of(s, item_id)
        assert transcript and transcript.segments[1].speaker == "Speaker 2"
        assert correction.source == "Anna"


def test_what_is_too_long_or_not_there_is_refused(item_id: str) -> None:
    with pytest.raises(PermanentError):
        edited(item_id, 1, "five", "x" * 5_001)
    with pytest.raises(ChangedMeanwhileError):
        edited(item_id, 7, "five", "six")
    assert spoken.kept(item_id)[1][0].strip() == "five"


def test_the_machine_s_words_come_back_with_their_times(item_id: str) -> None:
    edited(item_id, 1, "five", "six seven")
    made = edited(item_id, 1, "six seven", " five ")
    assert [word.start_seconds for word in made.words] == [3.0]
    with session() as s:
        assert corrections.of(s, item_id) is None
        assert line_edits.heard_at(s, item_id, 3.0, 5.0) == "five"
