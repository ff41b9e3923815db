"""Lines for reading: their lengths, times and breaks, whatever the script and the speech."""

import random
from itertools import pairwise

import pytest

from utils.models.transcript import Segment, Transcript, Word
from utils.subtitles import cues, limits, tokens
from utils.subtitles.cues import Cue

ENGLISH = (
    "The lighthouse keeper climbs the stairs every evening, lights the lamp, and waits for the "
    "ships to pass. Nobody noticed him. When the fog came, he rang the bell until the morning."
)
JAPANESE = "港のむこうに古い灯台があります。毎晩、灯台守は階段をのぼってランプに火をともします。"
CHINESE = "港口对面有一座古老的灯塔。每天晚上，守塔人爬上楼梯点亮灯火，等待船只经过这里回家。"
KOREAN = "항구 건너편에 오래된 등대가 있습니다. 매일 저녁 등대지기는 계단을 올라가 불을 켭니다."
KHMER = "ប្រទេសកម្ពុជាគឺជាប្រទេសមួយនៅអាស៊ីអាគ្នេយ៍ដែលមានប្រាសាទបុរាណជាច្រើន"


def spoken(*segments: tuple[float, float, str], speakers: tuple[str, ...] = ()) -> Transcript:
    """A transcript without times of words."""
    return Transcript(
        engine="test",
        segments=tuple(
            Segment(
                start_seconds=start,
                end_seconds=end,
                text=text,
                speaker=speakers[number] if speakers else None,
            )
            for number, (start, end, text) in enumerate(segments)
        ),
    )


def worded(text: str, begin: float = 0.0, each: float = 0.4) -> Transcript:
    """A transcript whose words have times."""
    words = tuple(
        Word(text=f" {word}", start_seconds=begin + each * n, end_seconds=begin + each * n + 0.3)
        for n, word in enumerate(text.split())
    )
    end = words[-1].end_seconds
    segment = Segment(start_seconds=begin, end_seconds=end, text=text, words=words)
    return Transcript(engine="test", segments=(segment,))


def assert_readable(found: list[Cue], fitting: limits.Limits) -> None:
    for cue in found:
        assert 0 <= cue.start < cue.end
        assert len(cue.lines) <= 2
        assert all(len(line) <= fitting.line for line in cue.text.split("\n")), cue.text
    for before, after in pairwise(found):
        assert before.end <= after.start


def without_blanks(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "seconds", "fitting"),
    [
        (ENGLISH, 13.0, limits.ALPHABETIC),
        (JAPANESE, 12.0, limits.KANA),
        (CHINESE, 9.0, limits.HAN),
        (KOREAN, 8.0, limits.HANGUL),
        (KHMER, 8.0, limits.ALPHABETIC),
    ],
    ids=["English", "Japanese", "Chinese", "Korean", "Khmer"],
)
def test_a_speech_is_in_short_lines_that_nobody_lost_a_word_of(
    text: str, seconds: float, fitting: limits.Limits
) -> None:
    found = cues.of(spoken((0.5, seconds, text)))
    assert_readable(found, fitting)
    assert without_blanks("".join(cue.text for cue in found)) == without_blanks(text)


def test_calm_speech_can_be_read_in_its_time_and_stays_long_enough() -> None:
    found = cues.of(spoken((0, 14, ENGLISH), (16, 16.2, "Yes.")), until=20.0)
    assert not any(cue.is_too_fast for cue in found)
    assert all(cue.end - cue.start >= limits.MIN_SECONDS - 0.001 for cue in found)
    assert all(cue.end - cue.start <= limits.MAX_SECONDS for cue in found)


def test_a_cue_ends_with_a_sentence_where_it_can() -> None:
    text = "He lit the lamp and went to bed. Then the ships came home to the harbour, in the fog."
    found = [cue.text for cue in cues.of(spoken((0, 8, text)))]
    assert found[0] == "He lit the lamp and went to bed."


def test_what_is_said_faster_than_read_borrows_the_silence_after_it_and_is_told() -> None:
    fast = "Everybody has to leave the house at once"
    (calm,) = cues.of(spoken((1, 1.5, fast)))
    assert calm.end == pytest.approx(1 + len(fast) / 17, abs=0.01)
    assert not calm.is_too_fast
    (short, _) = cues.of(spoken((1, 1.5, fast), (3.1, 4, "Now.")), until=4.0)
    assert short.end <= 3.1
    (end,) = cues.of(spoken((1, 1.5, fast)), until=1.6)
    assert end.end == 1.6
    assert end.is_too_fast


def test_a_long_pause_ends_a_cue() -> None:
    found = cues.of(spoken((0, 1, "One"), (2.6, 3, "two")))
    assert [cue.text for cue in found] == ["One", "two"]
    assert [cue.start for cue in found] == [0, 2.6]


def test_the_heard_times_of_words_decide_where_there_are_any() -> None:
    text = (
        "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    )
    heard = worded(text, begin=10, each=0.5)
    found = cues.of(heard)
    by_text = {word.text.strip(): word.start_seconds for word in heard.segments[0].words}
    assert len(found) > 1
    assert [cue.start for cue in found] == [by_text[cue.words[0].text] for cue in found]


def test_corrected_text_is_not_given_the_times_of_other_words() -> None:
    heard = worded("the light house keeper")
    (segment,) = heard.segments
    corrected = segment.model_copy(update={"text": "the lighthouse keeper"})
    assert tokens.has_times(segment.model_copy(update={"text": "the light house  keeper"}))
    assert not tokens.has_times(corrected.model_copy(update={"text": "a lighthouse keeper"}))
    (cue,) = cues.of(heard.model_copy(update={"segments": (corrected,)}))
    assert cue.text == "the lighthouse keeper"


def test_a_word_that_lies_over_a_cut_silence_is_as_long_as_a_word() -> None:
    words = (
        Word(text=" Good", start_seconds=1, end_seconds=1.4),
        Word(text=" night", start_seconds=1.4, end_seconds=21),
    )
    segment = Segment(start_seconds=1, end_seconds=21, text="Good night", words=words)
    found = cues.of(Transcript(engine="test", segments=(segment,)))
    assert found[-1].end < 5


def test_each_speaker_has_own_cues_and_a_name_at_the_begin_of_a_turn() -> None:
    said = spoken(
        (0, 1, "Good evening."), (1, 2, "Hello."), (2, 3, "Sit down."),
        speakers=("Anna", "Ben", "Ben"),
    )  # fmt: skip
    assert [cue.text for cue in cues.of(said)] == ["Good evening.", "Hello. Sit down."]
    named = [cue.text for cue in cues.of(said, with_names=True)]
    assert named == ["Anna: Good evening.", "Ben: Hello. Sit down."]


def test_lyrics_have_one_line_at_once() -> None:
    found = cues.of(spoken((0, 13, ENGLISH)), max_lines=1)
    assert all(len(cue.lines) == 1 for cue in found)
    assert all(len(cue.text) <= 42 for cue in found)


def test_a_word_longer_than_a_line_is_broken_between_letters() -> None:
    found = cues.of(spoken((0, 9, "x" * 100 + " and e" + "\u0301" * 3)))
    assert_readable(found, limits.ALPHABETIC)
    assert without_blanks("".join(cue.text for cue in found)).count("x") == 100


def test_a_mark_is_never_parted_from_its_letter_and_no_line_begins_with_a_full_stop() -> None:
    for text in (KHMER * 4, JAPANESE * 3, CHINESE * 3):
        for cue in cues.of(spoken((0, 60, text))):
            for line in cue.text.split("\n"):
                assert line[0] not in "。、，.្ាិី"


@pytest.mark.parametrize("seed", range(40))
def test_whatever_whisper_says_cues_are_in_order_and_never_overlap(seed: int) -> None:
    chance = random.Random(seed)
    alphabet = [
        "ab",
        "Wort",
        "und,",
        "Ende.",
        "長い文章です。",
        "កម្ពុជា",
        "x" * 50,
        "-->",
        "1",
        "。",
    ]
    segments = []
    for _ in range(chance.randrange(1, 12)):
        start = chance.uniform(-1, 30)
        end = start + chance.choice([-1, 0, 0, 0.01, 1, 3, 60])
        text = " ".join(chance.choices(alphabet, k=chance.randrange(0, 20)))
        words = tuple(
            Word(
                text=f" {w}", start_seconds=chance.uniform(0, 30), end_seconds=chance.uniform(0, 30)
            )
            for w in text.split()
        )
        segments.append(
            Segment(
                start_seconds=start,
                end_seconds=end,
                text=text,
                words=words if chance.random() < 0.5 else (),
            )
        )
    said = Transcript(engine="test", segments=tuple(segments))
    found = cues.of(said, max_lines=chance.choice([1, 2]), until=chance.choice([None, 20.0]))
    assert_readable(found, limits.ALPHABETIC)
    heard = sorted(without_blanks(" ".join(s.text for s in segments)))
    assert sorted(without_blanks("".join(cue.text for cue in found))) == heard


def test_silence_has_no_cues() -> None:
    assert cues.of(Transcript(engine="test")) == []
    assert cues.of(spoken((0, 1, "  "))) == []
