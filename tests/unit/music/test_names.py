"""Names are compared without what their writers differ in, and no further."""

from __future__ import annotations

import unicodedata

import pytest

from utils.music import names

SAME = [
    ("Beyoncé", "BEYONCE"),
    ("Sigur Rós", "sigur ros"),
    ("Mø", "MO"),
    ("Άλκηστις", "αλκηστισ"),
    ("Ёлка", "елка"),
    ("Don’t Stop", "Don't  stop"),
    ("Simon & Garfunkel", "Simon and Garfunkel"),
    ("ＡＢＣ", "abc"),
    ("AC/DC", "ac-dc"),
    ("R.E.M.", "REM"),
    ("שָׁלוֹם", "שלום"),
    ("مُحَمَّد", "محمد"),
    ("Straße", "STRASSE"),
    ("İstanbul", "istanbul"),
    ("a\u200bb\u200e", "ab"),
]
OTHERS = [
    ("か", "が"),
    ("и", "й"),
    ("กา", "ก"),
    ("!!!", "???"),
    ("+", "÷"),
    ("1.5", "15"),
    ("कि", "क"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_written_in_two_ways_are_one(one: str, other: str) -> None:
    assert names.folded(one) == names.folded(other)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_names_stay_others(one: str, other: str) -> None:
    assert names.folded(one) != names.folded(other)


@pytest.mark.parametrize(
    "name", ["Mötley Crüe", "ガガガSP", "노래", "Việt Nam", "हिन्दी", "Ωδή", "ខ្មែរ"]
)
def test_composed_and_decomposed_letters_are_the_same(name: str) -> None:
    forms = {names.folded(unicodedata.normalize(form, name)) for form in ("NFC", "NFD", "NFKC")}
    assert len(forms) == 1
    assert forms != {""}


@pytest.mark.parametrize(
    "title",
    ["Heroes - 2017 Remaster", "Heroes (Remastered 2017)", "“Heroes” [2017 Remastered Version]",
     "Heroes - Remastered", "Heroes - remastered version 2009", "Heroes (Remastered 2009 Version)",
     "Heroes - 2009 Digital Remaster", "Heroes (feat. Somebody)",
     "Heroes feat. A & B", "HEROES [ft. X]"],
)  # fmt: skip
def test_a_title_without_credits_and_remasters_is_the_same_track(title: str) -> None:
    assert names.track_key_name(title, "David Bowie") == names.track_key_name(
        "Heroes", "David Bowie feat. Someone"
    )


@pytest.mark.parametrize(
    "title", ["Heroes - Live", "Heroes (Acoustic)", "Heroes - Demo", "Heroes (Remix)"]
)
def test_another_take_is_another_track(title: str) -> None:
    assert names.track_key_name(title, "Bowie") != names.track_key_name("Heroes", "Bowie")


@pytest.mark.parametrize(
    "title", ["A Feat of Strength", "Featuring", "Remaster", "feat. Nobody", "…"]
)
def test_a_title_that_is_only_such_a_word_stays(title: str) -> None:
    assert names.folded_title(title)
    assert names.folded_title("A Feat of Strength") == "a feat of strength"


def test_title_and_artist_do_not_run_together() -> None:
    assert names.track_key_name("a", "b c") != names.track_key_name("a b", "c")
    assert names.track_key_name("a", None) == names.track_key_name("a", "")
    assert names.track_key_name("a", "b").startswith("name:")
