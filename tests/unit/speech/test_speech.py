"""Voice, doubt and time: the parts of transcription that need no model."""

from typing import Any

import numpy as np
import pytest

from tests.media import Clips
from utils.config import Settings
from utils.models.probe import AudioStream
from utils.models.transcript import Segment
from utils.speech import audio, channels, hallucination, voice
from utils.speech.timeline import SAMPLE_RATE, Listing, Run, Timeline


def segment(text: str, start: float = 0.0, **measures: Any) -> Segment:
    return Segment(start_seconds=start, end_seconds=start + 2, text=text, **measures)


def ear(seconds: float, voices: float = 1.0) -> channels.Ear:
    """One silent channel in which the detector is so sure of a voice."""
    length = int(seconds * SAMPLE_RATE)
    chunks = -(-length // channels.CHUNK)
    return channels.Ear(
        np.zeros((length, 1), np.float32),
        (channels.Candidate("the only channel", np.ones(1, np.float32)),),
        np.zeros(max(1, chunks // 16 + 1), np.int8),
        np.full(chunks, voices, np.float32),
    )


def stretch(start: float, end: float, language: str | None = None) -> voice.Stretch:
    return voice.Stretch(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE), language)


def timeline(*runs: tuple[float, float], length: float) -> Timeline:
    """Runs of samples, by where they begin in the sound and in the file, in seconds."""
    made = [Run(round(first * SAMPLE_RATE), seconds) for first, seconds in runs]
    return Timeline(made, round(length * SAMPLE_RATE))


def test_speech_is_cut_at_pauses_and_padded_by_a_part_of_them() -> None:
    quiet, loud = [0.0], [0.9]
    probabilities = quiet * 4 + loud * 4 + quiet * 2 + loud * 4 + quiet * 20 + loud * 2
    found = voice.join(probabilities, 0.5, total=18.0)
    spans = [(s.start_seconds, s.end_seconds) for s in found]
    assert spans == [(1.6, 4.25), (4.75, 7.4), (16.6, 18.0)]


def test_a_click_is_no_speech_and_a_short_word_is() -> None:
    chunk = channels.CHUNK / SAMPLE_RATE
    found = voice.join([0.0] * 50 + [0.9] * 2 + [0.0] * 50 + [0.9] * 5, chunk, total=4.0)
    assert len(found) == 1
    assert found[0].start_seconds == pytest.approx(102 * chunk - 0.4)


def test_a_voice_that_fades_is_kept_until_it_is_gone() -> None:
    found = voice.join([0.9, 0.4, 0.4, 0.1], 1.0, total=4.0)
    assert found[0].end_seconds == 3.4


def test_times_of_cut_speech_come_back_as_times_of_the_sound() -> None:
    whole = timeline((0, 0), length=60)
    (piece,) = voice.pieces(ear(60), whole, [stretch(10, 15), stretch(40, 50)])
    assert piece.seconds == 15
    assert piece.original(0, 4.5) == (10, 14.5)
    assert piece.original(5.5, 99) == (40.5, 50)


def test_a_sentence_that_reaches_into_the_padding_of_another_part_ends_with_its_own() -> None:
    whole = timeline((0, 0), length=60)
    (piece,) = voice.pieces(ear(60), whole, [stretch(10, 15), stretch(40, 50)])
    assert piece.original(1, 5.2) == (11, 15)
    assert piece.original(4.8, 9) == (40, 44)


def test_a_hole_in_the_file_is_in_the_times_and_ends_a_piece() -> None:
    holed = timeline((0, 1.5), (10, 31.5), length=20)
    first, second = voice.pieces(ear(20), holed, [stretch(2, 10), stretch(10, 14)])
    assert first.original(0, 8) == (3.5, 11.5)
    assert second.original(0, 4) == (31.5, 35.5)


def test_a_clock_that_jumps_beyond_the_items_end_is_no_hole() -> None:
    jumped = timeline((0, 0), (10, 3610), length=20)
    assert jumped.within(20.0).seconds(15 * SAMPLE_RATE) == 15
    assert jumped.within(3620.0).seconds(15 * SAMPLE_RATE) == 3615


def test_packets_that_overlap_do_not_turn_time_back() -> None:
    listing = Listing()
    for line in ("#tb 0: 1/16000", "0, 0, 0, 16000, 32000, 0x1", "0, 8000, 8000, 16000, 32000, 0x1",
                 "0, 80000, 80000, 16000, 32000, 0x1"):  # fmt: skip
        listing.hear(line)
    assert listing.channels == 2
    found = listing.timeline()
    assert [found.seconds(second * SAMPLE_RATE) for second in (0, 1, 2)] == [0, 1, 5]


def test_long_speech_is_cut_into_utterances_and_pieces_that_cover_all_of_it() -> None:
    whole = timeline((0, 0), length=1500)
    cut = voice.bounded([stretch(0, 1500)], ear(1500), whole)
    assert max(part.seconds for part in cut) <= voice.MAX_UTTERANCE_SECONDS
    assert [part.last for part in cut[:-1]] == [part.first for part in cut[1:]]
    found = list(voice.pieces(ear(1500), whole, cut))
    assert sum(piece.seconds for piece in found) == pytest.approx(1500)
    assert max(piece.seconds for piece in found) <= 600
    assert found[1].original(10, 11)[0] == pytest.approx(found[0].seconds + 10, abs=0.01)


def test_a_tone_and_silence_are_no_voice(clips: Clips, settings: Settings) -> None:
    with audio.sound(clips.tone, AudioStream(index=0, codec="pcm_s16le")) as sound:
        heard = channels.listen(sound.samples)
        assert voice.utterances(heard, sound.timeline) == []


def test_speech_is_a_voice(clips: Clips, settings: Settings) -> None:
    with audio.sound(clips.speech, AudioStream(index=0, codec="mp3")) as sound:
        heard = channels.listen(sound.samples)
        spoken = sum(part.seconds for part in voice.utterances(heard, sound.timeline))
        assert spoken > 0.6 * len(sound.samples) / SAMPLE_RATE


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
