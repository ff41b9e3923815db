"""Voice, doubt and time: the parts of transcription that need no model."""

from typing import Any

import numpy as np
import pytest

from tests.media import Clips
from utils.config import Settings
from utils.models.signal import Span
from utils.models.transcript import Segment
from utils.speech import audio, hallucination, voice


def segment(text: str, start: float = 0.0, **measures: Any) -> Segment:
    return Segment(start_seconds=start, end_seconds=start + 2, text=text, **measures)


def test_short_pauses_do_not_cut_speech_and_clicks_are_no_speech() -> None:
    chunk = 0.5
    quiet, loud = [0.0], [0.9]
    probabilities = quiet * 4 + loud * 4 + quiet * 2 + loud * 4 + quiet * 20 + loud * 2
    found = voice.join(iter(probabilities), chunk, total=18.0)
    assert [(s.start_seconds, s.end_seconds) for s in found] == [(1.6, 7.4), (16.6, 18.0)]


def test_a_voice_that_fades_is_kept_until_it_is_gone() -> None:
    found = voice.join(iter([0.9, 0.4, 0.4, 0.1]), 1.0, total=4.0)
    assert found[0].end_seconds == 3.4


def test_times_of_cut_speech_come_back_as_times_of_the_sound() -> None:
    sound = np.zeros(audio.SAMPLE_RATE * 60, dtype=np.int16)
    parts = [Span(start_seconds=10, end_seconds=15), Span(start_seconds=40, end_seconds=50)]
    (piece,) = voice.pieces(sound, tuple(parts))
    assert len(piece.audio) == 15 * audio.SAMPLE_RATE
    assert piece.original(0) == 10
    assert piece.original(4.5) == 14.5
    assert piece.original(5.5) == 40.5
    assert piece.original(99) == 50


def test_long_speech_comes_in_pieces_that_cover_all_of_it() -> None:
    sound = np.zeros(audio.SAMPLE_RATE * 1500, dtype=np.int16)
    found = list(voice.pieces(sound, (Span(start_seconds=0, end_seconds=1500),)))
    assert [len(piece.audio) // audio.SAMPLE_RATE for piece in found] == [600, 600, 300]
    assert found[2].original(10) == 1210


def test_a_tone_and_silence_are_no_voice(clips: Clips, settings: Settings) -> None:
    with audio.samples(clips.tone, 0) as sound:
        assert voice.spans(sound) == ()


def test_speech_is_a_voice(clips: Clips, settings: Settings) -> None:
    with audio.samples(clips.speech, 0) as sound:
        heard = sum(span.duration_seconds for span in voice.spans(sound))
        assert heard > 0.6 * len(sound) / audio.SAMPLE_RATE


def test_plain_speech_raises_no_doubt() -> None:
    sure = segment("Good evening.", mean_log_probability=-0.2, compression_ratio=1.2)
    assert hallucination.score([sure]) == 0


@pytest.mark.parametrize(
    ("measures", "doubt"),
    [
        ({"compression_ratio": 3.0}, 1.0),
        ({"mean_log_probability": -1.4}, 0.7),
        ({"mean_log_probability": -1.4, "no_speech_probability": 0.9}, 1.0),
    ],
)
def test_whispers_own_measures_raise_doubt(measures: dict[str, float], doubt: float) -> None:
    assert hallucination.doubt(segment("Thank you.", **measures)) == doubt


def test_what_is_said_again_and_again_is_doubted() -> None:
    loop = [segment("Music", 2.0 * n) for n in range(4)]
    assert hallucination.score(loop) == pytest.approx(0.45)


def test_no_text_has_no_score() -> None:
    assert hallucination.score([]) is None
    assert hallucination.confidence([]) is None


def test_confidence_is_weighted_by_length() -> None:
    words = [
        segment("a" * 90, mean_log_probability=0.0),
        segment("b" * 10, mean_log_probability=-2.3),
    ]
    assert hallucination.confidence(words) == pytest.approx(0.7945, abs=0.001)
