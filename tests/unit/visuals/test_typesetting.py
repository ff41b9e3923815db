import numpy as np
import pytest
from PIL import Image, ImageFont

from utils.visuals import clusters, font_choice, typesetting
from utils.visuals.typesetting import Box

BOX = Box(width=900, height=600, largest=190, smallest=24, max_lines=14, is_bold=True)
LONG = "A title of many words that goes on and on until nobody can read it any more, " * 4
TITLES = (
    "Ø", "Two words", LONG[:300], "ស្រលាញ់អូនខ្លាំងណាស់ក្នុងរាត្រីដែលមានព្រះចន្ទពេញវង់" * 4,
    "أغنية الليل: مرحبا بالعالم (Live in Cairo 2024)", "ภาษาไทยเป็นภาษาที่มีระดับเสียง" * 9,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
)  # fmt: skip


@pytest.mark.parametrize("text", TITLES)
def test_a_title_of_any_length_stays_in_its_box_whole(text: str) -> None:
    block = typesetting.fitted(text, BOX)
    image = Image.new("RGB", (1100, 800))
    left, top, right, bottom = typesetting.draw(image, block, (100, 100), BOX.width, (255,) * 3)
    ink = np.argwhere(np.asarray(image).max(axis=2) > 64)
    assert not block.is_cut
    assert "".join(block.lines).replace(" ", "") == text.replace(" ", "")
    assert ink.min(axis=0)[1] >= 95 and ink.max(axis=0)[1] <= 1005  # side bearings: a few pixels
    assert ink.min(axis=0)[0] >= 95 and ink.max(axis=0)[0] <= 705
    assert (left, top) >= (95, 0) and right <= 1005 and bottom <= 705


def test_a_short_title_is_large_and_a_long_one_small() -> None:
    sizes = [typesetting.fitted(text, BOX).size for text in ("Ø", "Two words", LONG[:300])]
    assert sizes[0] == 190 and sizes[0] > sizes[2] >= 24
    assert sizes == sorted(sizes, reverse=True)


def test_no_letter_is_cut_apart_where_a_line_ends() -> None:
    for text in (
        "ស្រលាញ់អូនខ្លាំងណាស់ក្នុងរាត្រីដែល",
        "Ka\u0301roly e\u0301s 👩‍👩‍👧🇰🇭 🇫🇷👍🏽 👩‍👩‍👧🇰🇭 🇫🇷👍🏽",
    ):
        block = typesetting.fitted(text, BOX._replace(width=150, largest=60))
        assert len(block.lines) > 3 and not block.is_cut
        assert [one for line in block.lines for one in clusters.of(line) if one != " "] == [
            one for one in clusters.of(text) if one != " "
        ]


def test_a_text_that_has_no_room_even_in_the_smallest_type_ends_in_an_ellipsis() -> None:
    block = typesetting.fitted(LONG, Box(300, 60, 40, 20, 2))
    assert block.is_cut and block.lines[-1].endswith("…") and block.height <= 60


def test_letters_are_shaped_and_not_set_side_by_side() -> None:
    for text in ("مرحبا", "ស្រលាញ់", "क्षत्रिय"):
        face = font_choice.runs(text)[0].face
        basic = ImageFont.Layout.BASIC
        plain = ImageFont.truetype(str(face.path), 100, layout_engine=basic)
        assert bytes(plain.getmask(text)) != bytes(typesetting._font(face, 100).getmask(text))
    assert typesetting.measured("مرحبا", 100, False) < 0.9 * 100 * sum(
        typesetting.measured(letter, 100, False) / 100 for letter in "مرحبا"
    )


def test_lines_of_writing_from_right_to_left_begin_at_the_right() -> None:
    image = Image.new("RGB", (1100, 300))
    block = typesetting.fitted("שלום", Box(900, 200, 60, 20, 1))
    left, _, right, _ = typesetting.draw(image, block, (100, 20), 900, (255, 255, 255))
    assert right > 985 and left > 800
