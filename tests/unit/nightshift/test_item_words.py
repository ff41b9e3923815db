"""What was understood of a song, as people see it."""

from typing import Any

from nightshift.cli import item_words
from utils.models.analysis import Understanding


def told(**more: Any) -> dict[str, Any]:
    return Understanding(**({"summary": "x"} | more)).model_dump(mode="json")


def test_whose_romanisation_it_is_and_by_which_standard_is_said() -> None:
    by_model = told(
        romanisation="a",
        romanisation_standard="UNGEGN (1972)",
        romanised_by="gemini x",
        era="1960s",
    )
    assert dict(item_words.facts(by_model)) == {
        "era": "1960s", "romanised": "UNGEGN (1972), by gemini x"
    }  # fmt: skip
    rough = told(romanisation="a", romanised_by="anyascii, by rules")
    assert "rough, follows no standard" in dict(item_words.facts(rough))["romanised"]
    unnamed = told(romanisation="a", romanised_by="gemini x")
    assert "not named" in dict(item_words.facts(unnamed))["romanised"]
    assert item_words.facts(told()) == []


def test_lines_stand_beside_segments_only_where_there_are_as_many() -> None:
    assert item_words.lines(told(romanisation="a\nb"), "romanisation", 2) == ["a", "b"]
    assert item_words.lines(told(romanisation="a b"), "romanisation", 2) is None
    assert item_words.lines(None, "romanisation", 0) == []
