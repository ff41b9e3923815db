import hashlib
import re
from pathlib import Path

import pytest
from PIL import ImageFont

from tests.conftest import Override
from utils.visuals import faces, font_tables


@pytest.mark.parametrize(
    ("text", "fonts"),
    [
        ("Straße Ωμέγα Привет", ["NotoSans"]),
        ("ស្រលាញ់ខ្មែរ", ["NotoSansKhmer"]),
        ("مرحبا ١٢٣", ["NotoNaskhArabic"]),
        ("שלום", ["NotoSansHebrew"]),
        ("दिल से", ["NotoSans"]),
        ("ภาษาไทย", ["NotoSansThai"]),
        ("Hi ខ្មែរ (2024)", ["NotoSans", "NotoSansKhmer"]),
        ("Go 🎉 on ☀️", ["NotoSans", "NotoEmoji", "NotoSans", "NotoEmoji"]),
    ],
)
def test_each_script_is_drawn_by_a_font_that_has_it(text: str, fonts: list[str]) -> None:
    runs = faces.runs(text)
    assert [run.face.path.stem.removesuffix("-Regular") for run in runs] == fonts
    assert "".join(run.text for run in runs) == text
    assert all(run.face.has(run.text) for run in runs)


def test_what_a_font_says_it_has_it_draws_and_what_it_lacks_is_its_box() -> None:
    font = ImageFont.truetype(str(faces.VENDORED / "NotoSansKhmer-Regular.ttf"), 40)
    face = faces.Face(faces.VENDORED / "NotoSansKhmer-Regular.ttf")
    box = bytes(font.getmask("\U0001f600"))
    assert face.has("ក្ខ") and not face.has("\u4eac")
    assert bytes(font.getmask("\u4eac")) == box
    assert bytes(font.getmask("ក")) != box


def test_writing_without_a_font_is_written_in_latin_letters_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")  # no fontconfig
    faces.of.cache_clear()
    faces._asked.clear()
    drawable = faces.drawable("ꔀꔤ Vai ꔀ")
    faces.of.cache_clear()
    faces._asked.clear()
    assert re.fullmatch(r"[A-Za-z]+ Vai [A-Za-z]+", drawable.text)
    assert drawable.lacking == ("ꔀ", "ꔤ")
    said = faces.complaint(drawable.lacking)
    assert said and said.startswith("No font here has ꔀ ꔤ (VAI): drawn in Latin letters")
    assert faces.complaint(()) is None


def test_a_folder_of_fonts_is_asked_for_what_ours_lack(override: Override, tmp_path: Path) -> None:
    font = faces.VENDORED / "NotoSansThai-Regular.ttf"
    (tmp_path / "more.ttf").symlink_to(font)
    (tmp_path / "broken.otf").write_bytes(b"OTTO\0\x20" + b"\xff" * 40)
    override(fonts_dir=tmp_path)
    faces._of_folder.cache_clear()
    found = faces._of_folder()
    faces._of_folder.cache_clear()
    assert [face.path.name for face in found] == ["broken.otf", "more.ttf"]
    assert [face.has("ก") for face in found] == [False, True]


def test_the_fonts_are_those_that_their_page_names() -> None:
    page = (faces.VENDORED / "README.md").read_text()
    named = dict(re.findall(r"^\| `([^`]+\.ttf)` .*`([0-9a-f]{64})` \|$", page, re.MULTILINE))
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in faces.VENDORED.glob("*.ttf")
    }
    assert named == found
    assert sum(path.stat().st_size for path in faces.VENDORED.iterdir()) < 3_000_000
    for path in faces.VENDORED.glob("*.ttf"):
        family = path.stem.partition("-")[0]
        assert (faces.VENDORED / f"OFL-{family}.txt").exists()
        assert font_tables.read(path).family.replace(" ", "") == family
