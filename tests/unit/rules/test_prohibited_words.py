"""Words in any script: found where they stand by themselves, and nowhere else."""

import pytest

from utils.rules import prohibited_words


def found(text: str, *words: str, allowed: tuple[str, ...] = ()) -> list[str]:
    prepared = prohibited_words.prepare(text)
    return [text[start:end] for start, end in prohibited_words.find(prepared, words, allowed)]


@pytest.mark.parametrize(
    ("word", "text", "hits"),
    [
        ("casino", "The CASINO's door", ["CASINO"]),
        ("casino", "casinos, Occasion, casinoroyal", []),
        ("casino*", "Casinos and casinoroyal", ["Casino", "casino"]),
        ("*casino", "onlinecasino", ["casino"]),
        ("ass", "class passes a grass", []),
        ("casino", "casino_night-2024", ["casino"]),
        ("mp", "file.mp3 mp", ["mp"]),
        ("casino", "c\u200bas\u00adino", ["c\u200bas\u00adino"]),  # cut by what nobody sees
        ("casino", "ＣＡＳＩＮＯ", ["ＣＡＳＩＮＯ"]),
        ("cafe", "Café", ["Café"]),
        ("cafe", "Cafe\u0301", ["Cafe\u0301"]),
        ("café", "THE CAFE", ["CAFE"]),  # a text without any accent
        ("schön", "Wir gehen schon über die Brücke", []),
        ("STRASSE", "Straße", ["Straße"]),
        ("real money", "real-money, real\nmoney, realmoney", ["real-money", "real\nmoney"]),
        ("казино", "Казино", ["Казино"]),
        ("мир", "мировой", []),
        ("иод", "йод", []),  # another letter, not an accent
        ("ещё", "еще", ["еще"]),
        ("ភ្នាល់", "គាត់ចូលចិត្តភ្នាល់ប្រាក់ណាស់", ["ភ្នាល់"]),
        ("កា", "កាំភ្លើង", []),  # another syllable
        ("ការ", "សង្ការ", []),  # below another letter
        ("การพนัน", "เขาเล่นการพนันทุกวัน", ["การพนัน"]),
        ("กา", "เกา กาะ", []),
        ("赌博", "他们在赌博。", ["赌博"]),
        ("カジノ", "オンラインカジノです", ["カジノ"]),
        ("도박", "온라인 도박을 하다", ["도박"]),
        ("قمار", "هذا القمار ممنوع", ["قمار"]),
        ("قمار", "أقمار", []),  # moons
        ("casino", "オンラインcasinoです", ["casino"]),
        ("गोल", "गोला", []),
        ("🎰", "Win🎰now", ["🎰"]),
        ("*", "anything", []),
    ],
)
def test_a_word_is_found_by_itself_in_its_script(word: str, text: str, hits: list[str]) -> None:
    assert found(text, word) == hits


def test_what_an_allowed_phrase_holds_does_not_count() -> None:
    text = "Casino Royale was shot in a casino"
    assert found(text, "casino", allowed=("casino royale",)) == ["casino"]


def test_a_text_full_of_hits_ends_soon() -> None:
    assert len(found("casino royale " * 5_000, "casino", allowed=("casino royale",))) == 0
