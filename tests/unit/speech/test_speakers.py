"""Who speaks: turns by voices, of a real dialogue and of made voiceprints."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Override
from tests.media import Clips
from utils.config import Settings
from utils.media.probing import ffprobe
from utils.models.signal import Span
from utils.models.speakers import Speakers, Turn, Voice
from utils.models.transcript import Segment, Transcript
from utils.speech import speakers, turns, voice_weights, voiceprint

DIALOGUE = Path(__file__).parents[2] / "fixtures" / "dialogue.opus"
# Who speaks when in it (tests/fixtures/README.md).
SPOKEN = (
    *((0.25, 5.56, 1), (6.06, 9.1, 2), (9.6, 12.39, 1)),
    *((12.54, 15.86, 2), (16.36, 19.34, 1), (19.84, 21.92, 2)),
)


def stretch(*voices: int, start: float = 0.0) -> turns.Stretch:
    """One stretch in which each of some voices has 3.2 s; a voice is an axis, with noise."""
    noise = np.random.default_rng(len(voices) + int(start))
    rows = [np.eye(256)[voice] + noise.normal(0, 0.02, 256) for voice in voices for _ in range(8)]
    middles = start + 0.8 + 0.4 * np.arange(len(rows))
    span = Span(start_seconds=start, end_seconds=start + 0.4 * len(rows) + 1.2)
    prints = np.array([voiceprint.unit(row) for row in rows])
    return turns.Stretch(span, middles.astype(np.float32), prints)


def test_two_people_in_a_dialogue_are_told_apart(settings: Settings) -> None:
    with speakers.heard(DIALOGUE, ffprobe.probe(DIALOGUE), None, None) as sound:
        found = speakers.identify(sound, None, settings)
    assert [voice.number for voice in found.voices] == [1, 2]
    for start, end, speaker in SPOKEN:
        middle = (start + end) / 2
        (turn,) = [t for t in found.turns if t.start_seconds <= middle < t.end_seconds]
        assert turn.speaker == speaker
    assert found.voices[0].seconds == pytest.approx(11.1, abs=1)
    assert found.voices[1].seconds == pytest.approx(8.4, abs=1)


def test_where_there_is_no_voice_no_weights_are_fetched(
    clips: Clips, override: Override, settings: Settings, tmp_path: Path
) -> None:
    empty = settings.model_copy(update={"cache_dir": tmp_path / "none"})
    with speakers.heard(clips.tone, ffprobe.probe(clips.tone), None, None) as sound:
        found = speakers.identify(sound, None, empty)
    assert (found.voices, found.turns) == ((), ())
    assert not voice_weights.path(empty).exists()


def test_a_change_of_voice_without_a_pause_is_found() -> None:
    found = turns.tell_apart([stretch(3, 7, 3)], None)
    assert [speaker for *_, speaker in found.spans] == [0, 1, 0]
    assert found.spans[0][1] == pytest.approx(3.6, abs=0.4)


def test_one_voice_in_many_stretches_is_one_speaker() -> None:
    found = turns.tell_apart([stretch(5, start=10.0 * n) for n in range(20)], None)
    assert {speaker for *_, speaker in found.spans} == {0}


def test_speakers_are_counted_as_they_begin() -> None:
    found = turns.tell_apart([stretch(9), stretch(2, start=10), stretch(4, start=20)], None)
    assert [speaker for *_, speaker in found.spans] == [0, 1, 2]
    assert [int(np.argmax(direction)) for direction in found.prints] == [9, 2, 4]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_given_number_of_speakers_is_kept(number: int) -> None:
    parts = [stretch(voice, start=10.0 * voice) for voice in range(4)]
    found = turns.tell_apart(parts, number)
    assert len({speaker for *_, speaker in found.spans}) == number


def test_short_pauses_belong_to_the_turn_and_long_ones_do_not() -> None:
    parts = [stretch(1), stretch(1, start=5.0), stretch(1, start=20.0)]
    found = turns.tell_apart(parts, None)
    assert [start for start, *_ in found.spans] == [0.0, 20.0]


def test_mel_bands_are_those_of_librosa() -> None:
    seconds = np.arange(16000) / 16000
    sound = 0.1 * np.sin(2 * np.pi * 440 * seconds) + 0.05 * np.sin(2 * np.pi * 3000 * seconds)
    bands = voiceprint._mel(sound.astype(np.float32))
    assert bands.shape == (101, 40)
    # librosa 0.11: melspectrogram(sr=16000, n_fft=400, hop_length=160, n_mels=40)
    known = {(0, 5): 0.537211, (50, 6): 0.178192, (50, 27): 0.148187, (50, 28): 0.0132872,
             (100, 6): 0.161524}  # fmt: skip
    for place, value in known.items():
        assert bands[place] == pytest.approx(value, rel=1e-4)


def test_weights_that_name_anything_but_tensors_are_refused() -> None:
    class Bad:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (print, ("run",))

    with pytest.raises(pickle.UnpicklingError, match="no place among weights"):
        voice_weights.read(io.BytesIO(pickle.dumps(Bad(), protocol=2)))


def test_a_segment_has_the_speaker_who_is_heard_longest_in_it() -> None:
    found = Speakers(
        engine="x",
        voices=(Voice(number=1, seconds=3, name="Anna"), Voice(number=2, seconds=4)),
        turns=(
            Turn(start_seconds=0, end_seconds=3, speaker=1),
            Turn(start_seconds=3, end_seconds=7, speaker=2),
        ),
    )
    times = ((0.0, 2.0), (2.0, 6.0), (6.5, 8.0), (9.0, 10.0))
    said = Transcript(
        engine="x",
        segments=tuple(Segment(start_seconds=a, end_seconds=b, text="x") for a, b in times),
    )
    labels = [segment.speaker for segment in found.labelled(said).segments]
    assert labels == ["Anna", "Speaker 2", "Speaker 2", None]


def test_a_recognised_name_says_that_it_is_no_fact() -> None:
    assert Voice(number=1, seconds=9, name="Anna", similarity=0.9).label == "Anna (recognised)"
