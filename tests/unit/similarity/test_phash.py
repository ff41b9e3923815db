from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from utils.errors import PermanentError
from utils.similarity import phash


def picture(
    path: Path,
    size: tuple[int, int] = (320, 180),
    circle: tuple[int, int, int, int] = (40, 40, 120, 120),
) -> Path:
    image = Image.new("RGB", (320, 180), "navy")
    draw = ImageDraw.Draw(image)
    draw.ellipse(circle, fill="gold")
    draw.line((0, 150, 320, 90), fill="white", width=9)
    image.resize(size).save(path)
    return path


def distance(one: str, two: str) -> int:
    return (int(one, 16) ^ int(two, 16)).bit_count()


def test_the_same_picture_smaller_has_nearly_the_same_hash(tmp_path: Path) -> None:
    large, small = picture(tmp_path / "a.png"), picture(tmp_path / "b.jpg", size=(160, 90))
    other = picture(tmp_path / "c.png", circle=(200, 20, 300, 160))
    assert len(phash.of(large)) == 16
    assert distance(phash.of(large), phash.of(small)) <= 4
    assert distance(phash.of(large), phash.of(other)) > 10


def test_what_is_no_picture_is_a_permanent_error(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no picture")
    whole = picture(tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name in ("x.jpg", "cut.png"):
        with pytest.raises(PermanentError, match=name):
            phash.of(tmp_path / name)
