from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.models.rendition import Thumbnail
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect
from utils.visuals import backgrounds, cards, palette

RED = ("#c8102e", "#ffd100")


def subject(title: str = "Lantern River", **more: object) -> VisualSubject:
    return VisualSubject.model_validate({"title": title, "kind": "audio", **more})


def white(card: Image.Image) -> np.ndarray:
    """Where the title's ink is: rows and columns."""
    return np.argwhere(np.asarray(card).min(axis=2) > 250)


@pytest.mark.parametrize(
    ("aspect", "size"), [("16:9", (1920, 1080)), ("1:1", (1080, 1080)), ("9:16", (1080, 1920))]
)
def test_a_card_has_its_size_and_its_title_inside_the_margins(
    aspect: Aspect, size: tuple[int, int], tmp_path: Path
) -> None:
    what = subject("ស្រលាញ់អូនខ្លាំងណាស់ក្នុងរាត្រី", artist="ស៊ីន ស៊ីសាមុត", album="១៩៦៧")
    cards.draw(what, RED, "Night Shift", aspect, tmp_path / "card.png")
    with Image.open(tmp_path / "card.png") as card:
        assert (card.format, card.size) == ("PNG", size)
        ink = white(card)
    assert len(ink) > 5000
    assert ink.min() >= 70 and ink.max(axis=0)[1] < size[0] - 70
    assert ink.max(axis=0)[0] < size[1] - 70


def test_the_same_item_gives_the_same_card_and_two_items_two() -> None:
    one, again, other = (
        cards.drawn(subject(title), (), None, "1:1").tobytes() for title in ("A", "A", "B")
    )
    assert one == again != other
    grounds_seen = {
        cards.drawn(subject("Same", duration_seconds=float(number)), RED, None, "1:1").tobytes()
        for number in range(4)
    }
    assert len(grounds_seen) == 4


@pytest.mark.parametrize("colours", [(), ("#ffffff",), ("#ffff00", "#00ff00"), ("#000000",)])
def test_what_is_written_can_be_read_on_any_brand_colour(colours: tuple[str, ...]) -> None:
    for number in range(3):
        chance = cards.chance_of(subject(str(number)))
        used = palette.of(colours, chance)
        ground = backgrounds.pattern((480, 270), used, chance)
        light = backgrounds.most_luminance(ground, (0, 0, 480, 270))
        for ink in (palette.readable(used.ink, light), palette.best(used.accents, light)):
            assert palette.contrast(ink, light) >= 4.5


def test_a_bright_picture_is_darkened_behind_the_text(tmp_path: Path) -> None:
    picture = Image.fromarray(
        np.random.default_rng(1).integers(180, 255, (90, 160, 3), dtype=np.uint8)
    )
    used = palette.of(RED, cards.chance_of(subject()))
    ground = backgrounds.of_picture(picture, (480, 270), used)
    assert (
        palette.contrast(palette.WHITE, backgrounds.most_luminance(ground, (0, 0, 480, 270))) >= 4.5
    )


def test_the_picture_is_the_items_own_if_it_shows_something(tmp_path: Path) -> None:
    names = {"waveform.jpg": "#3eb4aa", "black.png": "#000000", "gone.png": None}
    for name, colour in names.items():
        if colour:
            Image.new("RGB", (64, 36), colour).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    half = Image.new("RGB", (64, 36), "#0000ff")
    half.paste("#ffffff", (0, 0, 32, 36))
    half.save(tmp_path / "cover.png")
    order = (*names, "broken.png", "cover.png")
    pictures = tuple(Thumbnail(path=tmp_path / name, width=64, height=36) for name in order)
    found = backgrounds.own_picture(pictures)
    assert found and found.getpixel((60, 20)) == (0, 0, 255)
    assert backgrounds.own_picture(pictures[:-1]) is None
    plain, shown = (
        np.asarray(cards.drawn(subject(pictures=some), RED, None, "16:9"))
        for some in (pictures[:-1], pictures)
    )
    blue = np.array([0, 0, 255])
    assert (np.abs(shown.astype(int) - blue).sum(axis=2) < 30).sum() > 50_000
    assert (np.abs(plain.astype(int) - blue).sum(axis=2) < 30).sum() == 0


def test_what_a_card_cannot_show_is_said() -> None:
    assert cards.warnings(subject("Ordinary"), "Brand") == ()
    said = cards.warnings(subject("\U00010e80 " + "x" * 400), None)
    assert said[-1] == "The title is cut after 300 letters."
    assert said[0].startswith("No font here has")


def test_a_title_of_nothing_that_can_be_seen_is_untitled() -> None:
    assert cards.text_of(subject(" \u202e\u0000 \u0301"), None).title == "Untitled"


def test_a_title_that_grows_in_latin_letters_is_cut_as_well() -> None:
    title = cards.text_of(subject("\u4eac" * 299), None).title  # JingJing…, where no font has it
    assert len(title) <= 300
    assert cards.drawn(subject("\u4eac" * 299), (), None, "1:1").size == (1080, 1080)


def test_what_is_no_colour_is_passed_over() -> None:
    chance = cards.chance_of(subject())
    assert palette.of(("red", "", "#12345", "#0a0"), chance).accents[0] == (0, 170, 0)
