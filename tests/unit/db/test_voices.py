"""Names belong to voices, words to people: both outlive runs, and both can be taken back."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.unit.db.test_session import add
from utils.db import corrections, forgotten, ledger, transcripts, voices, workers
from utils.db.schema import Execution
from utils.db.session import session
from utils.db.speech_tables import CorrectionRow, VoiceName
from utils.errors import UsageError
from utils.models.speakers import Speakers, Turn, Voice
from utils.models.transcript import Segment, Transcript

pytestmark = pytest.mark.usefixtures("database")
ANNA, BEN = (1.0, 0.0, 0.1), (0.0, 1.0, 0.1)


def found(*prints: tuple[float, ...], seconds: float = 20.0) -> Speakers:
    return Speakers(
        engine="x",
        voices=tuple(
            Voice(number=n, seconds=seconds, voiceprint=one) for n, one in enumerate(prints, 1)
        ),
        turns=tuple(
            Turn(start_seconds=10.0 * n, end_seconds=10.0 * n + 9, speaker=n + 1)
            for n in range(len(prints))
        ),
    )


def executed(item_id: str, step: str, result: Any) -> None:
    row = ledger.start(item_id, step, ledger.Inputs(f"{step}{item_id[-9:]}", {"version": 1}), "run")
    with session() as s:
        ledger.finish(s, row, result, 1.0)


def with_speakers(number: int, *prints: tuple[float, ...], **facts: Any) -> str:
    item_id = add(number)
    executed(item_id, voices.STEP, found(*prints, **facts))
    return item_id


def names(item_id: str) -> list[str]:
    with session() as s:
        speakers = voices.speakers_of(s, item_id)
        assert speakers
        return [voice.label for voice in speakers.voices]


def name(item_id: str, number: int, given: str) -> None:
    with session() as s:
        voices.name(s, item_id, number, given)


def test_a_name_stays_with_its_voice_when_the_numbers_change() -> None:
    item = with_speakers(1, ANNA, BEN)
    name(item, 1, "  Anna   Lee ")
    assert names(item) == ["Anna Lee", "Speaker 2"]
    executed(item, voices.STEP, found(BEN, ANNA))
    assert names(item) == ["Speaker 1", "Anna Lee"]


def test_another_name_takes_the_place_of_the_first() -> None:
    item = with_speakers(1, ANNA, BEN)
    for given in ("Ana", "Anna"):
        name(item, 1, given)
    assert names(item) == ["Anna", "Speaker 2"]
    with session() as s:
        assert voices.known(s) == [("Anna", 1)]


@pytest.mark.parametrize(("number", "given"), [(3, "Anna"), (0, "Anna"), (1, " "), (1, "x" * 200)])
def test_who_is_not_there_gets_no_name(number: int, given: str) -> None:
    item = with_speakers(1, ANNA, BEN)
    with pytest.raises(UsageError):
        name(item, number, given)


def test_a_voice_is_recognised_in_another_item_and_said_to_be_so() -> None:
    first, second = with_speakers(1, ANNA), with_speakers(2, BEN, ANNA)
    name(first, 1, "Anna")
    assert names(second) == ["Speaker 1", "Speaker 2"]  # not unless asked for
    with session() as s:
        (voice,) = voices.recognise(s, second)
    assert (voice.number, voice.similarity) == (2, 1.0)
    assert names(second) == ["Speaker 1", "Anna (recognised)"]
    name(second, 2, "Eve")  # a person knows better
    with session() as s:
        assert voices.recognise(s, second) == []
    assert names(second) == ["Speaker 1", "Eve"]


def test_a_few_words_are_no_evidence_of_a_voice() -> None:
    first, second = with_speakers(1, ANNA), with_speakers(2, ANNA, seconds=3.0)
    name(first, 1, "Anna")
    with session() as s:
        assert voices.recognise(s, second) == []


def test_a_forgotten_name_takes_its_voiceprints_along() -> None:
    first, second = with_speakers(1, ANNA, BEN), with_speakers(2, ANNA)
    name(first, 1, "Anna")
    name(first, 2, "Ben")
    with session() as s:
        assert voices.forget(s, "Anna") == sorted([first, second])
    with session() as s:
        kept = [v for row in s.scalars(select(Execution)) for v in row.result["voices"]]
        assert [bool(voice["voiceprint"]) for voice in kept] == [False, True, False]
        assert voices.known(s) == [("Ben", 1)]
    assert names(first) == ["Speaker 1", "Ben"]
    with pytest.raises(UsageError, match="removed"):
        name(second, 1, "Anna")
    with session() as s, pytest.raises(UsageError, match="No voice is called"):
        voices.forget(s, "Anna")


def test_a_persons_words_stand_above_the_machines_until_they_are_taken_back() -> None:
    item = with_speakers(1, ANNA, BEN)
    said = Segment(start_seconds=11.0, end_seconds=12.0, text="lighthouse")
    machine = Transcript(engine="whisper", language="en", confidence=0.4, segments=(
        Segment(start_seconds=1.0, end_seconds=2.0, text="light house"),))  # fmt: skip
    executed(item, transcripts.STEP, machine)
    with session() as s:
        corrections.save(s, item, [said], "mine.srt")
    executed(item, transcripts.STEP, machine.model_copy(update={"engine": "another"}))
    with session() as s:
        seen = transcripts.transcript_of(s, item)
        assert seen
        assert (seen.text, seen.engine, seen.confidence) == ("lighthouse", "another", None)
        assert seen.corrected_at
        assert seen.segments[0].speaker == "Speaker 2"
        assert corrections.remove(s, item)
        assert not corrections.remove(s, item)
        again = transcripts.transcript_of(s, item)
        assert again
        assert (again.text, again.corrected_at) == ("light house", None)


def test_words_stand_also_where_no_machine_listened() -> None:
    item = add(1)
    with session() as s:
        corrections.save(s, item, [Segment(start_seconds=0, end_seconds=1, text="a\0b")], "x.srt")
    with session() as s:
        seen = transcripts.transcript_of(s, item)
        assert seen
        assert (seen.text, seen.engine) == ("a b", "a person")
        assert transcripts.transcript_of(s, add(2)) is None


def test_forgetting_an_item_forgets_its_voices_and_words() -> None:
    item = with_speakers(1, ANNA)
    name(item, 1, "Anna")
    with session() as s:
        corrections.save(s, item, [Segment(start_seconds=0, end_seconds=1, text="a")], "x.srt")
        workers.register(s, "me", None, 60)
        assert forgotten.forget(s, "me", [item]) == [item]
    with session() as s:
        for table in (VoiceName, CorrectionRow, Execution):
            assert s.scalars(select(table)).all() == []
