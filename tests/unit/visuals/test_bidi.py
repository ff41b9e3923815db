import pytest

from utils.visuals import bidi


@pytest.mark.parametrize(
    ("text", "base", "seen"),
    [
        ("abc", False, [("abc", False)]),
        ("abc שלום 123 עולם def", False,
         [("abc ", False), (" עולם", True), ("123", False), ("שלום ", True), (" def", False)]),
        ("שלום ABC 12.5% (test) עולם!", True,
         [(" עולם!", True), ("ABC 12.5% (test)", False), ("שלום ", True)]),
        ("مرحبا (2024) Live", True,
         [("Live", False), (") ", True), ("2024", False), ("مرحبا (", True)]),
        ("سعر 1,500$", True, [("1,500$", False), ("سعر ", True)]),
    ],
)  # fmt: skip
def test_a_line_is_drawn_in_the_order_of_its_directions(
    text: str, base: bool, seen: list[tuple[str, bool]]
) -> None:
    assert [tuple(one) for one in bidi.in_order([text], base)[0]] == seen


def test_a_sign_runs_with_what_stands_on_the_line_before() -> None:
    lines = bidi.in_order(["ירושלים Gold,", "50%"], True)
    assert [tuple(one) for one in lines[1]] == [("50%", False)]


def test_the_first_letter_with_a_direction_decides() -> None:
    assert [bidi.is_right_to_left(text) for text in ("1. שלום", "A שלום", "(2024)", "")] == [
        True, False, False, False,
    ]  # fmt: skip
