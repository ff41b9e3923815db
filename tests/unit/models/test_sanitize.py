import pytest

from utils.models import sanitize


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain ünï 🎬 ភាសាខ្មែរ.mp4", "plain ünï 🎬 ភាសាខ្មែរ.mp4"),
        ("\x1b[31mred\x07.mp4", "␛[31mred␇.mp4"),
        ("two\nlines\r\tand\0more", "two␤lines␍␉and␀more"),
        ("photo\u202egnp.exe", "photo⟨U+202E⟩gnp.exe"),
        ("\u200fright\u2066x\u2069", "⟨U+200F⟩right⟨U+2066⟩x⟨U+2069⟩"),
        ("\x9b31m\x85", "⟨U+009B⟩31m⟨U+0085⟩"),
        ("a\u2028b\x7f\udce9", "a␤b␡�"),
        ("👩\u200d🚀 no\xa0break", "👩\u200d🚀 no break"),
    ],
)
def test_what_can_not_be_seen_or_would_be_obeyed_has_a_sign(name: str, shown: str) -> None:
    assert sanitize.visible(name) == shown


def test_what_is_shown_stays_as_it_is_when_it_is_shown_again() -> None:
    once = sanitize.visible("".join(map(chr, range(0x300))) + "\u202e\u2066\ufeff")
    assert sanitize.visible(once) == once
