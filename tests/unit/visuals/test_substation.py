import re

from pysubs2 import SSAFile

from tests.unit.visuals.test_karaoke import line, song
from utils.visuals import substation
from utils.visuals.substation import Look, Wave

LOOK = Look(640, 360, sung=(255, 209, 0), unsung=(255, 255, 255), dim=(160, 160, 160))


def texts(*lines, romanisation: str | None = None) -> list[str]:  # type: ignore[no-untyped-def]
    made = substation.script(
        song(*lines, romanisation=romanisation), "Title", (0, 60), Wave((0.5, 1.0), 60), LOOK
    )
    return [event.text for event in SSAFile.from_string(made, format_="ass")]


def seen(text: str) -> str:
    """What is to be read, without tags."""
    return re.sub(r"(?<!\\)\{[^}]*\}", "", text)


def test_a_word_is_lit_for_as_long_as_it_is_sung() -> None:
    words = next(text for text in texts(line("one two", 2, 4)) if r"\kf" in text)
    assert re.findall(r"\\(kf?)(\d+)", words) == [("k", "120"), ("kf", "100"), ("kf", "100")]
    assert seen(words) == "one two"


def test_from_right_to_left_a_word_is_lit_at_once() -> None:
    words = next(text for text in texts(line("مرحبا بالعالم", 2, 4)) if r"\k" in text)
    assert re.findall(r"\\(kf?)(\d+)", words) == [("k", "120"), ("k", "100"), ("k", "100")]
    assert r"\fnNoto Naskh Arabic" in words


def test_what_is_sung_is_no_tag() -> None:
    hostile = r"{\fs200}BIG \N {\p1} \pos(1,1) } {"
    for text in texts(line(hostile, 2, 4), line("next", 5, 6)):
        plain = re.sub(r"\\[{}]|\\\u2060", "", text)
        assert not re.search(r"\\fs200|\\N|\\p1\}? |\\pos\(1,1\)", seen(plain))
    assert substation.escaped("a\\Nb\n{c}") == "a\\\u2060Nb \\{c\\}"


def test_each_writing_has_its_font_and_the_size_of_its_letters_is_one() -> None:
    words = next(text for text in texts(line("Hi ខ្មែរ", 2, 4)) if r"\kf" in text)
    sizes = dict(re.findall(r"\\fn([^\\]+)\\fs([\d.]+)", words))
    assert set(sizes) == {"Noto Sans", "Noto Sans Khmer"}
    assert float(sizes["Noto Sans"]) / 1.519 - float(sizes["Noto Sans Khmer"]) / 1.862 < 0.1


def test_the_next_line_and_the_romanisation_stand_below_and_a_pause_has_a_note() -> None:
    shown = [seen(text) for text in texts(
        line("ភ្នំ", 2, 4), line("ពេញ", 5, 6), line("end", 30, 31), romanisation="phnom\npenh\nend"
    )]  # fmt: skip
    assert shown.count("ពេញ") == 2 and shown.count("phnom") == 1
    assert shown.count("♪") == 1
    assert "Title" in shown
