"""Which files beside an item belong to it, and that what they say decides whether it is done."""

from pathlib import Path

import pytest

from utils.storage import sidecars

KEY = "0" * 64


def beside(folder: Path, media: str, *names: str) -> list[tuple[str, str]]:
    for name in names:
        (folder / name).write_text("{}")
    return [(s.kind, s.name) for s in sidecars.beside(folder / media)]


def test_an_xmp_is_named_after_the_file_or_its_stem(tmp_path: Path) -> None:
    found = beside(tmp_path, "photo.jpg", "photo.xmp", "photo.jpg.XMP", "photo2.xmp", "hoto.xmp")
    assert found == [("xmp", "photo.jpg.XMP"), ("xmp", "photo.xmp")]


@pytest.mark.parametrize(
    ("media", "export"),
    [("IMG_1.jpg", "IMG_1.jpg.json"),
     ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
     ("IMG_1.jpg", "IMG_1.jpg.supplemental-me.json"),
     ("IMG_1.jpg", "IMG_1.jpg.s.json"),
     ("IMG_1.jpg", "IMG_1.jpg..json"),
     ("IMG_1.jpg", "IMG_1.json"),
     ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
     ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
     ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
     ("IMG_1-bearbeitet(2).jpg", "IMG_1.jpg(2).json"),
     ("IMG_1.MP4", "IMG_1.HEIC.json"),
     ("IMG_1.MP4", "IMG_1.HEIC.supplemental-metadata.json"),
     ("a_name_of_more_than_forty_six_characters_in_all_of_it.jpg",
      "a_name_of_more_than_forty_six_characters_in_al.json")],
)  # fmt: skip
def test_an_exports_json_is_found_under_all_the_names_that_it_is_given(
    tmp_path: Path, media: str, export: str
) -> None:
    assert beside(tmp_path, media, export) == [("export", export)]


@pytest.mark.parametrize(
    "other", ["IMG_10.jpg.json", "IMG_1.jpg(2).json", "IMG_1.png.json", "metadata.json"]
)
def test_another_pictures_json_is_not_its_own(tmp_path: Path, other: str) -> None:
    assert beside(tmp_path, "IMG_1.jpg", other) == []


def test_what_lies_beside_decides_the_key_by_its_content(tmp_path: Path) -> None:
    photo, xmp = tmp_path / "photo.jpg", tmp_path / "photo.jpg.xmp"
    alone = sidecars.complete_key(KEY, photo)
    xmp.write_text("one")
    first = sidecars.complete_key(KEY, photo)
    again = sidecars.complete_key(KEY, photo, sidecars.listed(tmp_path))
    xmp.write_text("two")
    changed = sidecars.complete_key(KEY, photo)
    assert alone == KEY
    assert first == again
    assert len({alone, first, changed}) == 3
