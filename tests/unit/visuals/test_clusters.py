import pytest

from utils.visuals import clusters


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("e\u0301a", ["e\u0301", "a"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("เก้า", ["เก้า"]),
        ("👩‍👩‍👧🇰🇭🇫🇷1️⃣👍🏽", ["👩‍👩‍👧", "🇰🇭", "🇫🇷", "1️⃣", "👍🏽"]),
    ],
)
def test_a_letter_keeps_what_belongs_to_it(text: str, found: list[str]) -> None:
    assert list(clusters.of(text)) == found


def test_a_heap_of_marks_upon_one_letter_is_cut() -> None:
    assert len("".join(clusters.of("h" + "\u0301" * 500))) == 9


def test_a_text_is_cut_between_letters_only() -> None:
    assert clusters.cut("ខ្មែរខ្មែរ", 3) == "ខ្មែរ…"
    assert clusters.cut("short", 5) == "short"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("two words", ["two", "words"]),
        ("well-known", ["well-", "known"]),
        ("ខ្ញុំ\u200bស្រលាញ់", ["ខ្ញុំ", "ស្រ", "លាញ់"]),
        ("ព្រះចន្ទ", ["ព្រះចន្ទ"]),
        ("ภาษาไทยเป็น", ["ภาษา", "ไทย", "เป็น"]),
        ("「北京」の夜。", ["「北", "京」", "の", "夜。"]),
        ("Nonsense", ["Nonsense"]),
    ],
)
def test_a_line_may_end_between_words_or_syllables(text: str, parts: list[str]) -> None:
    assert [part for part, _ in clusters.pieces(text)] == parts


def test_what_is_drawn_is_one_line_without_signs_that_turn_it_around() -> None:
    text = "a\u202eb\u0000\n\tc\u2066 d\u200fe\ufefff"
    assert clusters.on_one_line(text) == "ab c def"
