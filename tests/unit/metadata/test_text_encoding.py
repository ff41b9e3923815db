"""The encoding of whole texts: by their mark, their language, their letters."""

import pytest

from utils.metadata import text_encoding


@pytest.mark.parametrize(
    ("text", "stored", "language"),
    [
        ("Schöne Grüße", "cp1252", None),
        ("Où est la bibliothèque ? Là-bas.", "cp1252", None),
        ("Чёрный ворон летит над полем", "cp1251", None),
        ("Чёрный ворон", "cp1251", "rus"),
        ("夜明けの海を見ていた", "cp932", "jpn"),
        ("Zażółć gęślą jaźń", "cp1250", "pol"),
        ("Příliš žluťoučký kůň", "cp1250", "cze"),
        ("Καλημέρα κόσμε", "cp1253", "ell"),
    ],
)
def test_an_encoding_is_told_by_language_and_letters(
    text: str, stored: str, language: str | None
) -> None:
    assert text_encoding.of(text.encode(stored), language) == stored


@pytest.mark.parametrize(
    ("raw", "text", "guess"),
    [("Schöne Grüße".encode(), "Schöne Grüße", None),
     ("Schöne Grüße".encode("utf-16"), "Schöne Grüße", None),
     ("Schöne Grüße".encode("latin-1"), "Schöne Grüße", "cp1252"),
     ("Чёрный ворон прилетел домой".encode("cp1251"), "Чёрный ворон прилетел домой",
      "cp1251")],
)  # fmt: skip
def test_a_file_is_read_by_its_mark_else_as_utf_8_else_by_guess(
    raw: bytes, text: str, guess: str | None
) -> None:
    assert text_encoding.decoded(raw) == (text, guess)
