"""The language of each stretch of voice, by looks whose answers are given."""

from collections.abc import Sequence

from utils.speech import languages
from utils.speech.languages import Guess
from utils.speech.timeline import SAMPLE_RATE
from utils.speech.voice import Stretch

GERMAN, ENGLISH = {"de": 0.95, "en": 0.03}, {"en": 0.95, "de": 0.02}
UNSURE = {"th": 0.45, "de": 0.3, "en": 0.1}


def stretch(start: float, end: float) -> Stretch:
    return Stretch(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))


def told(utterances: Sequence[Stretch], guesses: dict[float, Guess]) -> list[str | None]:
    """The languages; a look sees the guess of the last moment before its window's start."""

    def look(window: Sequence[Stretch]) -> Guess:
        start = window[0].first / SAMPLE_RATE
        return guesses[max(moment for moment in guesses if moment <= start)]

    return [one.language for one in languages.told(utterances, look)]


def test_german_then_english_are_each_in_their_language() -> None:
    spoken = [stretch(0, 3), stretch(3.1, 8), stretch(9, 12), stretch(12.1, 17)]
    assert told(spoken, {0: GERMAN, 9: ENGLISH}) == ["de", "de", "en", "en"]


def test_a_change_within_a_window_is_found_in_its_utterances() -> None:
    spoken = [stretch(0, 5), stretch(5.1, 7.2), stretch(7.3, 10), stretch(10.1, 15)]
    assert told(spoken, {0: GERMAN, 7.3: ENGLISH}) == ["de", "de", "en", "en"]


def test_a_short_word_is_in_the_language_around_it() -> None:
    spoken = [stretch(0, 6), stretch(7, 7.8), stretch(9, 15)]
    assert told(spoken, {0: GERMAN, 7: {"ja": 0.7, "de": 0.1}, 9: GERMAN}) == ["de"] * 3


def test_where_whisper_is_unsure_a_rare_language_is_unlikely() -> None:
    assert told([stretch(0, 3), stretch(3.1, 8)], {0: UNSURE}) == ["de", "de"]


def test_a_long_item_is_not_looked_at_everywhere_and_a_change_is_found() -> None:
    looks = []

    def look(window: Sequence[Stretch]) -> Guess:
        looks.append(window)
        return GERMAN if window[0].first < 400 * SAMPLE_RATE else ENGLISH

    spoken = [stretch(n * 6, n * 6 + 5) for n in range(100)]
    found = [one.language for one in languages.told(spoken, look)]
    assert found == ["de"] * 67 + ["en"] * 33
    assert len(looks) < 40


def test_the_main_language_is_what_most_is_spoken_in() -> None:
    spoken = [Stretch(0, 10, "de"), Stretch(20, 50, "en")]
    assert languages.main(spoken) == "en"
    assert languages.main([]) is None
