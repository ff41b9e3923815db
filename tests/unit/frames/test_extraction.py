"""Whole frames: the picture at an index is the one shown then, held against a full decode."""

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import drawn
from tests.media import ffmpeg
from utils.frames import extraction, moments
from utils.frames.extraction import Video
from utils.frames.moments import Plan
from utils.media import tools
from utils.media.probing import ffprobe


def video(path: Path, folder: Path) -> Video:
    folder.mkdir(exist_ok=True)
    return Video(path, ffprobe.probe(path), folder)


def extracted(path: Path, rate: str, folder: Path) -> extraction.Extracted:
    return extraction.extract(video(path, folder), Fraction(rate), lambda _: None)


def greys(path: Path) -> list[tuple[float, int]]:
    """When each frame of a film begins, and its grey: a decode of all of it."""
    done = subprocess.run(
        [tools.find("ffmpeg"), "-v", "info", "-i", path, "-vf", "showinfo", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if "pts_time:" in line]
    times = [float(line.split("pts_time:")[1].split()[0]) for line in lines]
    raw = subprocess.run(
        [tools.find("ffmpeg"), "-v", "error", "-i", path, "-fps_mode", "passthrough",
         "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    size = len(raw) // len(times)
    levels = [int(np.frombuffer(raw[n * size : (n + 1) * size], np.uint8).mean().round())
              for n in range(len(times))]  # fmt: skip
    return list(zip(times, levels, strict=True))


def shown_at(known: list[tuple[float, int]], seconds: float) -> int:
    return [level for time, level in known if time <= seconds + 1e-6][-1]


def level(path: Path) -> int:
    with Image.open(path) as picture:
        return round(float(np.asarray(picture.convert("L")).mean()))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    plain = drawn.counting(folder / "plain.mp4", 4, "25", 50)
    odd = drawn.counting(folder / "odd.mkv", 4, "24000/1001", 13)
    stream = folder / "stream.ts"
    ffmpeg("-i", plain, "-c", "copy", stream)
    varying = folder / "varying.mkv"
    kept = "select='not(between(n,20,60))'"
    ffmpeg("-i", plain, "-vf", kept, "-fps_mode", "passthrough", "-crf", "4", varying)
    return {"plain": plain, "odd": odd, "stream": stream, "varying": varying}


@pytest.mark.parametrize("name", ["plain", "odd", "stream", "varying"])
def test_each_way_gives_the_picture_that_a_full_decode_shows(
    name: str, films: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = greys(films[name])
    for way in ("decode", "seek"):
        rate = Fraction(3, 2)
        shown = moments.shown_of(films[name], ffprobe.probe(films[name]))
        exact = moments._exact(shown, [one.seconds for one in shown], moments.indexes(rate, 4))
        plan = Plan("seek", tuple(m for m, _ in exact)) if way == "seek" else Plan("decode")
        monkeypatch.setattr(moments, "plan", lambda *_, plan=plan: plan)
        made = extraction.extract(video(films[name], tmp_path / way), rate, lambda _: None)
        assert [frame.frame_index for frame in made.frames][:6] == [0, 7, 14, 20, 27, 34]
        for frame in made.frames:
            wanted = shown_at(known, frame.frame_index / 10)
            assert abs(level(frame.path) - wanted) <= 1, (way, frame.frame_index)


def test_key_frames_are_taken_at_their_own_times(films: dict[str, Path], tmp_path: Path) -> None:
    shown = moments.shown_of(films["odd"], ffprobe.probe(films["odd"]))
    wanted = moments._at_keys(shown, [moments.Moment(n, n / 10) for n in (0, 10, 20)], Fraction(1))
    made = extraction.at_keys(video(films["odd"], tmp_path / "keys"), wanted)
    known = greys(films["odd"])
    assert len(made) == 3
    for frame in made.values():
        assert abs(level(frame.path) - shown_at(known, frame.seconds)) <= 1
        assert 0 <= frame.frame_index / 10 - frame.seconds < 0.1


def test_frames_are_upright_and_of_square_pixels(tmp_path: Path) -> None:
    flat = tmp_path / "flat.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:d=0.4", "-vf", "setsar=2", flat)
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", turned)
    made = extracted(flat, "10", tmp_path / "f").frames
    assert {(frame.width, frame.height) for frame in made} == {(128, 48)}
    (first, *_) = extracted(turned, "10", tmp_path / "t").frames
    assert first.height > first.width
    with Image.open(first.path) as picture:
        assert (picture.width, picture.height) == (first.width, first.height)


def test_a_folder_with_a_percent_sign_is_a_folder(films: dict[str, Path], tmp_path: Path) -> None:
    made = extracted(films["plain"], "1", tmp_path / "100%d")
    assert [frame.path.name for frame in made.frames][1] == "frame_0000000010.jpg"
