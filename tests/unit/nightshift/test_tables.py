"""How rows fit a terminal."""

import pytest
from rich.cells import cell_len

from nightshift.cli import tables

KHMER = "ភ្លៀងធ្លាក់លើទន្លេមេគង្គនៅពេលល្ងាច"
FAMILY = "👨‍👩‍👧"


@pytest.mark.parametrize("name", ["x" * 200, KHMER * 9, FAMILY * 60, "日本の夜の灯台" * 20])
@pytest.mark.parametrize("width", [7, 12, 25, 79])
def test_a_name_that_is_too_long_keeps_both_its_ends(name: str, width: int) -> None:
    found = tables.cut(name, width)
    begin, end = found.split("…")
    assert name.startswith(begin) and name.endswith(end) and begin and end
    assert width - 2 <= cell_len(found) <= width


def test_no_character_is_torn() -> None:
    assert tables.cut(f"ab{FAMILY}cd{FAMILY}ef", 8) == f"ab{FAMILY}…ef"
    assert tables.cut("日本の夜", 6) == "日…夜"


def test_a_text_keeps_its_beginning_and_what_fits_is_left_alone() -> None:
    assert tables.cut("it is damaged", 7, "why") == "it is …"
    assert tables.cut("it is damaged", 13, "why") == "it is damaged"
    assert tables.cut("it is damaged", 8, "why", "...") == "it is..."


def test_a_row_is_as_wide_as_the_terminal_at_most_and_its_id_is_whole() -> None:
    columns = ("item", "title", "kind", "length", "size", "language", "status", "verdict", "error")
    row = ["c633fa4f58", KHMER * 9, "video", "1:02:03", "117.7 MiB", "km", "quarantined", "approve",
           "it is damaged " * 20]  # fmt: skip
    for width in (40, 60, 80, 120, 200):
        kept, lines = tables.laid_out(columns, [row], width)
        assert {cell_len("".join(line)) for line in lines} <= set(range(width + 1))
        shown = dict(zip([columns[n] for n in kept], lines[1], strict=True))
        assert shown["item"].strip() == "c633fa4f58"
        assert shown["status"].strip() == "quarantined"
    assert [columns[n] for n in kept] == list(columns)


def test_all_lines_of_a_table_have_their_columns_at_the_same_place() -> None:
    rows = [[str(n), name, "done"] for n, name in enumerate(("日本", KHMER, "plain", FAMILY))]
    _, lines = tables.laid_out(("item", "title", "status"), rows, 80)
    assert len({cell_len("".join(line[:2])) for line in lines}) == 1


def test_a_column_that_says_nothing_is_not_shown() -> None:
    kept, _ = tables.laid_out(("item", "length", "error"), [["a", "–", ""], ["b", "–", ""]], 80)
    assert kept == [0]


def test_a_word_that_is_longer_than_a_line_stays_whole() -> None:
    path = "/srv/" + "x" * 90
    assert tables.wrapped(f"It is at {path} and not here", 20) == ["It is at", path, "and not here"]
    assert tables.wrapped("", 20) == []
