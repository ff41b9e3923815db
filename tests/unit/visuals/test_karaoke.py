from itertools import pairwise

import pytest

from utils.models.transcript import Segment, Transcript, Word
from utils.visuals import karaoke


def line(text: str, start: float, end: float, timed: bool = True) -> Segment:
    each = (end - start) / len(text.split())
    words = tuple(
        Word(text=f" {word}", start_seconds=start + at * each, end_seconds=start + (at + 1) * each)
        for at, word in enumerate(text.split())
    )
    return Segment(
        start_seconds=start, end_seconds=end, text=text, words=words if timed else ()
    )  # fmt: skip


def song(*segments: Segment, romanisation: str | None = None, width: float = 20) -> karaoke.Song:
    said = Transcript(engine="test", segments=segments)
    return karaoke.of(said, romanisation, width, 60)


def test_each_word_is_lit_in_its_time() -> None:
    (screen,) = song(line("one two three", 1, 4)).screens
    assert [(part.text, part.start, part.end) for row in screen.rows for part in row] == [
        ("one", 1, 2), ("two", 2, 3), ("three", 3, 4),
    ]  # fmt: skip
    assert screen.text == "one two three"


def test_words_without_times_share_those_of_their_line_and_it_is_said() -> None:
    made = song(line("ab abcd", 0, 6, timed=False), line("timed words", 7, 8))
    first = made.screens[0].rows[0]
    assert [part.start for part in first] == pytest.approx([0, 2])
    assert made.warnings[0].startswith("1 of 2 lines have no times of words")


def test_a_line_is_there_before_it_is_sung_and_none_lies_over_another() -> None:
    made = song(line("first", 10, 12), line("second", 12.5, 14), line("third", 30, 31)).screens
    assert made[0].shown == pytest.approx(8.8)
    assert [one.shown <= one.start <= one.gone for one in made] == [True] * 3
    assert all(a.gone <= b.shown for a, b in pairwise(made))
    assert made[2].shown == pytest.approx(28.8)


def test_long_lines_are_wrapped_evenly_and_longer_ones_go_on_another_screen() -> None:
    (two,) = song(line("a line that is wrapped into two rows", 0, 4), width=12).screens
    rows = [karaoke.joined(row) for row in two.rows]
    assert rows == ["a line that is wrapped", "into two rows"]
    made = song(line("word " * 40, 0, 20), width=12).screens
    assert all(len(one.rows) <= 3 for one in made) and len(made) > 2
    assert " ".join(one.text for one in made) == ("word " * 40).strip()


def test_writing_without_blanks_is_wrapped_and_a_word_too_long_for_a_row_is_cut() -> None:
    khmer = "ស្រលាញ់អូនខ្លាំងណាស់ក្នុងរាត្រីដែលមានព្រះចន្ទពេញវង់"
    for text in (khmer, "x" * 90):
        made = song(line(text, 0, 9), width=8).screens
        rows = [karaoke.joined(row) for one in made for row in one.rows]
        assert len(rows) > 2 and "".join(rows) == text
        times = [part for one in made for row in one.rows for part in row]
        assert times[-1].end == pytest.approx(9)
        assert times[0].start == pytest.approx(0 if text == khmer else 5)  # no note is held so long


def test_a_romanisation_of_as_many_lines_stands_below_each() -> None:
    lines = line("ភ្នំពេញ", 0, 2), line("រាត្រី", 3, 4)
    below = song(*lines, romanisation="phnom penh\n\nreatrei")
    assert [one.romanised for one in below.screens] == ["phnom penh", "reatrei"]
    other = song(*lines, romanisation="only one")
    assert [one.romanised for one in other.screens] == ["", ""]
    assert other.warnings == ("The romanisation is left out: it has 1 lines, the words have 2.",)


def test_a_line_that_is_in_latin_letters_does_not_stand_there_twice() -> None:
    made = song(line("ភ្នំពេញ", 0, 2), line("la la", 3, 4), romanisation="phnom penh\nla la")
    assert [one.romanised for one in made.screens] == ["phnom penh", ""]


def test_nothing_is_sung_behind_the_end() -> None:
    made = song(line("in time", 58, 70), line("too late", 61, 62)).screens
    assert len(made) == 1 and made[0].end <= 60 and made[0].gone <= 60


def test_arabic_and_hebrew_run_from_right_to_left() -> None:
    made = song(line("مرحبا Live", 0, 2), line("Live مرحبا", 3, 4)).screens
    assert [one.is_right_to_left for one in made] == [True, False]
