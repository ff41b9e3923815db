"""What was looked for is marked as the index finds it: in any writing, case and with accents."""

import pytest

from utils.search.highlights import snippet, spans


def marked(text: str, query: str) -> list[str]:
    return [part.text for part in snippet(text, query) if part.is_match]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Die Fischer am Fluß.", "FLUSS", ["Fluß"]),
        ("Über dem Hafen wird es Abend", "uber hafen", ["Über", "Hafen"]),
        ("good evening, good morning", '"good morning"', ["good morning"]),
        ("an interview, an interim", "inter*", ["interview", "interim"]),
        ("今日は東京タワーに行きました。", "東京タワー", ["東京タワー"]),
        ("ភ្លៀងធ្លាក់លើទន្លេមេគង្គ", "ទន្លេ", ["ទន្លេ"]),
        ("مساء الخير يا فيروز", "فيروز", ["فيروز"]),
        ("it's <b>bold</b> & 'quoted'", "bold", ["bold"]),
        ("nothing of it", "else", []),
        ("", "x", []),
    ],
)
def test_words_are_marked_where_they_stand(text: str, query: str, found: list[str]) -> None:
    assert marked(text, query) == found
    assert "".join(part.text for part in snippet(text, query)) == text


def test_a_snippet_is_around_the_first_word_and_no_longer_than_it_may_be() -> None:
    text = "word " * 200 + "needle " + "word " * 200
    parts = snippet(text, "needle")
    told = "".join(part.text for part in parts)
    assert marked(text, "needle") == ["needle"]
    assert told.startswith("… word") and told.endswith(" …") and len(told) <= 204


def test_any_text_and_any_query_are_taken() -> None:
    for text in ("\u202egpj.exe\u2066 x", "👨‍👩‍👧 🎉", "Z̷̢̛a̷l̷g̷o̷", "ﬁne ½ ①", "a\x00b"):
        for query in (text, "*", '"', "a*", "½"):
            whole = "".join(part.text for part in snippet(text, query))
            assert whole == text
            assert all(0 <= begin < end <= len(text) for begin, end in spans(text, query))
