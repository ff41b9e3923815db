from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.media import ffmpeg
from utils.errors import PermanentError
from utils.media import signal
from utils.media.imaging import large_png
from utils.media.probing import ffprobe
from utils.processes import memory
from utils.processes.memory import Bound


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_png, "_LARGE_BYTES", 0)
    monkeypatch.setattr(large_png, "_STRIP_BYTES", 1 << 17)


def noise(path: Path, pixel_format: str, size: str = "2600x123", filters: str = "mixed") -> Path:
    """A PNG whose rows use all filters."""
    source = f"testsrc=s={size},format=rgb24,noise=alls=30:all_seed=7"
    arguments = ("-f", "lavfi", "-i", source, "-frames:v", "1", "-pix_fmt", pixel_format)
    ffmpeg(*arguments, "-pred", filters, path)
    return path


@pytest.mark.parametrize(
    ("pixel_format", "filters"),
    [
        ("rgb24", "mixed"), ("rgba", "mixed"), ("rgba64be", "mixed"), ("rgb48be", "none"),
        ("rgb48be", "sub"), ("rgb48be", "up"), ("rgb48be", "avg"), ("rgb48be", "paeth"),
    ],
)  # fmt: skip
def test_in_strips_comes_what_comes_of_the_whole(
    tmp_path: Path, pixel_format: str, filters: str
) -> None:
    path = noise(tmp_path / "large.png", pixel_format, filters=filters)
    assert large_png.reduced(path, tmp_path / "small.png")
    with Image.open(path) as whole, Image.open(tmp_path / "small.png") as small:
        assert small.size == (1300, 62)
        wanted = whole.convert("RGB").reduce(2)
        assert ImageChops.difference(small, wanted).getbbox() is None


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [("gray", "2600x20"), ("pal8", "2600x20"), ("rgb24", "2500x20"), ("monob", "2600x20")],
)
def test_what_takes_little_memory_is_left_to_ffmpeg(
    tmp_path: Path, pixel_format: str, size: str
) -> None:
    path = noise(tmp_path / "other.png", pixel_format, size)
    assert not large_png.reduced(path, tmp_path / "small.png")
    assert not (tmp_path / "small.png").exists()


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0", b"JFIF" * 9])
def test_what_is_no_png_is_left_to_ffmpeg(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.png").write_bytes(data)
    assert not large_png.reduced(tmp_path / "x.png", tmp_path / "small.png")


@pytest.mark.parametrize("damage", ["end", "bit"])
def test_a_damaged_one_is_said_to_be(tmp_path: Path, damage: str) -> None:
    path = noise(tmp_path / "large.png", "rgb24")
    data = bytearray(path.read_bytes())
    if damage == "end":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 255
    path.write_bytes(data)
    with pytest.raises(PermanentError, match=r"large.png is damaged: \d+ of 123 rows decode"):
        large_png.reduced(path, tmp_path / "small.png")


def test_its_orientation_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (2600, 30)).save(tmp_path / "large.png", exif=exif)
    assert large_png.reduced(tmp_path / "large.png", tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as small:
        assert small.getexif()[0x0112] == 6


def test_a_large_picture_is_decoded_in_less_memory_than_it_has_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_png, "_STRIP_BYTES", 1 << 23)
    path, plain = tmp_path / "large.png", "color=c=teal:s=5000x5000"
    ffmpeg("-f", "lavfi", "-i", plain, "-frames:v", "1", "-pix_fmt", "rgb48be", path)
    probe = ffprobe.probe(path)
    with memory.within(Bound(145 * 10**6, "NIGHTSHIFT_STILL_MEMORY_MB")):
        report = signal.analyze(path, probe, tmp_path)
        assert (report.decode_errors, len(report.stills)) == (0, 1)
        assert (report.stills[0].width, report.stills[0].height) == (640, 640)
        monkeypatch.setattr(large_png, "_LARGE_BYTES", 10**9)
        with pytest.raises(PermanentError, match="NIGHTSHIFT_STILL_MEMORY_MB"):
            signal.analyze(path, probe, tmp_path)
