"""A part of each frame: the right part, of the right frames, by one ffmpeg."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import drawn
from tests.media import ffmpeg
from tests.unit.frames.test_extraction import greys, level, shown_at, video
from utils.errors import UsageError
from utils.frames import crops, extraction
from utils.media.probing import ffprobe
from utils.models.job import CropBounds, bounds_of


def bounds(left: int, top: int, right: int, bottom: int) -> CropBounds:
    return CropBounds(left=left, top=top, right=right, bottom=bottom)


def test_each_frame_is_the_one_shown_at_its_index(tmp_path: Path) -> None:
    film = drawn.counting(tmp_path / "film.mp4", 3, "24000/1001", 20)
    known = greys(film)
    made = crops.extract(
        video(film, tmp_path / "out"), bounds(3, 5, 33, 40), Fraction(10), lambda _: None
    )
    assert [frame.frame_index for frame in made][:3] == [0, 1, 2] and 29 <= len(made) <= 31
    for frame in made:
        assert abs(level(frame.path) - shown_at(known, frame.frame_index / 10)) <= 1
        with Image.open(frame.path) as picture:
            assert picture.size == (frame.width, frame.height) == (30, 35)


@pytest.mark.parametrize("how", ["plain", "turned", "wide pixels", "turned wide pixels"])
def test_the_part_is_that_of_the_whole_frame_as_it_is_seen(how: str, tmp_path: Path) -> None:
    film, turned = tmp_path / "film.mp4", tmp_path / "turned.mp4"
    sar = "setsar=2" if "wide" in how else "null"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:d=0.2", "-vf", sar, "-crf", "4", film)
    if "turned" in how:
        ffmpeg("-display_rotation", "90", "-i", film, "-c", "copy", turned)
        film = turned
    whole = extraction.extract(video(film, tmp_path / "w"), Fraction(10), lambda _: None).frames[0]
    assert crops.size(ffprobe.report(film), film) == (whole.width, whole.height)
    cut = bounds(11, 7, whole.width - 9, whole.height - 13)
    part = crops.extract(video(film, tmp_path / "p"), cut, Fraction(10), lambda _: None)[0]
    with Image.open(whole.path) as seen, Image.open(part.path) as cropped:
        wanted = np.asarray(seen.crop((cut.left, cut.top, cut.right, cut.bottom)), np.int16)
        found = np.asarray(cropped.convert("RGB"), np.int16)
    assert wanted.shape == found.shape
    assert np.abs(wanted - found).mean() < 8  # two encodes; beside each other they differ by 40


def test_bounds_are_cut_to_the_picture_and_refused_where_they_hold_nothing() -> None:
    assert bounds(-5, 300, 900, 400).within(640, 360) == bounds(0, 300, 640, 360)
    for wrong in (bounds(5, 0, 5, 9), bounds(9, 0, 5, 9), bounds(0, 9, 5, 3)):
        with pytest.raises(UsageError, match="hold nothing"):
            wrong.within(640, 360)
    with pytest.raises(UsageError, match="outside"):
        bounds(700, 0, 800, 10).within(640, 360)


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "no JSON"), ("[]", "need left"), ('{"left":1}', "top: Field required"),
     ('{"left":0,"top":0,"right":1e400,"bottom":3}', "right"), ("[" * 100_000, "no JSON"),
     ('{"left":"x","top":0,"right":1,"bottom":3}', "left")],
)  # fmt: skip
def test_bounds_that_are_none_are_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        bounds_of(text)
