"""Pictures of packages in the shapes that are wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests import published
from utils.distribution import artwork
from utils.models.publishing import Package, PackageFile


def of(tmp_path: Path, *files: PackageFile, kind: str = "audio") -> Package:
    return published.package(tmp_path, kind=kind, files=files)


def drawn(tmp_path: Path, name: str, size: tuple[int, int], role: str) -> PackageFile:
    return published.picture(tmp_path / f"{name}.png", size, role)


@pytest.mark.parametrize(
    ("shape", "name"), [((70, 70), "square"), ((60, 90), "tall"), ((160, 90), "still")]
)
def test_the_picture_of_the_right_shape_is_taken(
    tmp_path: Path, shape: tuple[int, int], name: str
) -> None:
    package = of(
        tmp_path,
        drawn(tmp_path, "square", (100, 100), "title_card"),
        drawn(tmp_path, "tall", (90, 160), "title_card"),
        drawn(tmp_path, "wide", (160, 90), "title_card"),
        drawn(tmp_path, "still", (320, 180), "artwork"),  # comes before a card of its shape
    )
    taken = artwork.made(package, shape, tmp_path / "made.jpg")
    assert taken and taken.path.stem == name
    with Image.open(tmp_path / "made.jpg") as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", shape, "RGB")


def test_a_size_that_is_not_known_is_looked_up(tmp_path: Path) -> None:
    unknown = {"width": None, "height": None}
    cover = drawn(tmp_path, "cover", (100, 100), "artwork").model_copy(update=unknown)
    package = of(tmp_path, drawn(tmp_path, "card", (160, 90), "title_card"), cover)
    taken = artwork.made(package, (70, 70), tmp_path / "made.jpg")
    assert taken and taken.path.stem == "cover"


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "raw.cr3").write_bytes(b"no picture that is read here")
    raw = published.file(tmp_path / "raw.cr3", "media", "image/x-canon-cr3")
    card = drawn(tmp_path, "card", (100, 100), "artwork")
    taken = artwork.made(of(tmp_path, raw, card, kind="image"), (70, 70), tmp_path / "made.jpg")
    assert taken == card
    assert artwork.made(of(tmp_path, raw, kind="image"), (70, 70), tmp_path / "none.jpg") is None
    assert not (tmp_path / "none.jpg").exists()


def test_nothing_of_a_picture_of_another_shape_is_cut_off(tmp_path: Path) -> None:
    marked = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    marked.paste((255, 0, 0, 255), (0, 0, 10, 100))
    marked.paste((0, 255, 0, 255), (190, 0, 200, 100))
    marked.save(tmp_path / "wide.png")
    artwork.make(tmp_path / "wide.png", (100, 100), tmp_path / "made.jpg")
    with Image.open(tmp_path / "made.jpg") as picture:
        left, right = picture.getpixel((1, 50)), picture.getpixel((98, 50))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert left[0] > 200 > left[1] and right[1] > 200 > right[0]
