"""Times of words held against the sound, and the words that a model is told to expect."""

import numpy as np
import pytest
from pydantic import ValidationError

from utils.models.options import PipelineOptions, SubtitleOptions, TranscriptionOptions
from utils.models.transcript import Segment, Transcript, Word
from utils.speech import vocabulary, word_times
from utils.speech.timeline import SAMPLE_RATE


def sound(*voiced: tuple[float, float], seconds: float = 4.0) -> word_times.Sound:
    """Silence with noise as loud as speech between the given times."""
    samples = np.full(int(seconds * SAMPLE_RATE), 1e-5, dtype=np.float32)
    noise = np.random.default_rng(0).normal(0, 0.2, len(samples)).astype(np.float32)
    for start, end in voiced:
        part = slice(int(start * SAMPLE_RATE), int(end * SAMPLE_RATE))
        samples[part] = noise[part]
    return samples


def segment(*words: tuple[str, float, float]) -> Segment:
    heard = tuple(Word(text=text, start_seconds=a, end_seconds=b) for text, a, b in words)
    return Segment(
        start_seconds=words[0][1],
        end_seconds=words[-1][2],
        text="".join(word[0] for word in words),
        words=heard,
    )


def times(found: list[Segment]) -> list[tuple[float, float]]:
    return [(word.start_seconds, word.end_seconds) for word in found[0].words]


def test_a_boundary_moves_to_the_gap_between_two_words() -> None:
    heard = segment(("one", 0.4, 0.92), ("two", 0.92, 1.5))
    (first, second) = times(word_times.refined([heard], sound((0.5, 1.0), (1.02, 1.6))))
    assert first == pytest.approx((0.5, 1.0), abs=0.021)
    assert second == pytest.approx((1.02, 1.6), abs=0.021)


def test_a_pause_belongs_to_no_word_and_the_segment_is_as_long_as_its_words() -> None:
    heard = segment(("one", 0.0, 1.0), ("two", 1.0, 2.4))
    (found,) = word_times.refined([heard], sound((0.5, 1.0), (2.0, 2.5)))
    assert times([found])[0] == pytest.approx((0.5, 1.0), abs=0.021)
    assert times([found])[1] == pytest.approx((2.0, 2.5), abs=0.021)
    assert found.start_seconds == found.words[0].start_seconds
    assert found.end_seconds == found.words[1].end_seconds


def test_times_stay_in_order_and_a_word_keeps_some_length() -> None:
    heard = segment(("a", 0.5, 0.5), ("b", 0.5, 0.52), ("c", 0.52, 3.99), ("d", 3.99, 4.2))
    found = times(word_times.refined([heard], sound((0.0, 4.0))))
    assert all(start <= end for start, end in found)
    assert [start for start, _ in found] == sorted(start for start, _ in found)


def test_without_words_or_sound_nothing_changes() -> None:
    plain = Segment(start_seconds=0, end_seconds=1, text="hello")
    assert word_times.refined([plain], sound()) == [plain]
    late = segment(("one", 50.0, 51.0))
    assert times(word_times.refined([late], sound())) == [(50.0, 51.0)]


def test_a_vocabulary_that_fits_is_read_whole_as_a_sentence_of_its_own() -> None:
    assert vocabulary.fitted("Anna, Ben", len) == ("Anna, Ben.", None)
    assert vocabulary.fitted("Wer ist da?", len) == ("Wer ist da?", None)
    assert vocabulary.fitted(None, len) == (None, None)


def test_of_a_long_vocabulary_the_first_whole_names_are_read_and_the_rest_is_told() -> None:
    names = [f"Maria Number {number}" for number in range(40)]
    read, left_out = vocabulary.fitted(", ".join(names), len)
    assert read is not None
    assert left_out is not None
    assert f"{read.removesuffix('.')}, {left_out}".split(", ") == names
    assert len(read) <= vocabulary.MAX_TOKENS


def test_a_single_word_too_long_for_the_model_is_left_out() -> None:
    assert vocabulary.fitted("x" * 300, len) == (None, "x" * 300)


def test_the_words_of_a_source_are_expected_besides_those_of_the_run() -> None:
    both = TranscriptionOptions(vocabulary="Anna").expecting("Oświęcim")
    assert both.vocabulary == "Anna, Oświęcim"
    assert TranscriptionOptions().expecting("Ben").vocabulary == "Ben"
    assert TranscriptionOptions().expecting(None) == TranscriptionOptions()


def test_subtitles_have_the_times_of_words_whatever_the_option_says() -> None:
    assert not PipelineOptions().hearing(None).words
    for wanted in (SubtitleOptions(beside="source"), SubtitleOptions(in_rendition=True)):
        assert PipelineOptions(subtitles=wanted).hearing(None).words


@pytest.mark.parametrize("model", ["base.en", "turbo", "large-v3-turbo"])
def test_a_model_that_can_not_translate_is_refused(model: str) -> None:
    with pytest.raises(ValidationError, match="can't translate"):
        TranscriptionOptions(translate=True, model=model)


def test_blanks_around_a_vocabulary_mean_nothing() -> None:
    assert TranscriptionOptions(vocabulary="  ").vocabulary is None
    assert TranscriptionOptions(vocabulary=" Anna,\n Ben ").vocabulary == "Anna, Ben"


def test_the_text_of_a_translation_is_english_and_what_was_heard_is_not() -> None:
    found = Transcript(engine="test", language="de", is_translated=True)
    assert (found.language, found.text_language) == ("de", "en")
    assert Transcript(engine="test", language="de").text_language == "de"
