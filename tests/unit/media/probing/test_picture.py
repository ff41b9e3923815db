"""Pictures that a library reads: raw photos, HEIF and AVIF, and odd ones."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import colours
from tests.media import ffmpeg
from tests.paths import FIXTURES
from tests.raw import write_dng
from utils.errors import PermanentError
from utils.media import signal
from utils.media.imaging import filters, thumbnails
from utils.media.probing import ffprobe, picture, picture_child
from utils.models.item import MediaKind
from utils.models.options import VerdictOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.quality import criteria

RED = (200, 30, 30)


def _seen(path: Path, folder: Path) -> tuple[ContainerProbe, SignalReport]:
    probe = ffprobe.probe(path)
    return probe, signal.analyze(path, probe, folder)


def _mean(report: SignalReport) -> tuple[int, ...]:
    (still,) = report.stills
    with Image.open(still.path) as seen:
        colour = seen.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(colour, tuple)
    return tuple(int(level) for level in colour)


def _near(found: tuple[int, ...], wanted: tuple[int, ...], slack: int = 6) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(found, wanted, strict=True))


def test_a_raw_photo_is_seen_as_the_camera_showed_it(tmp_path: Path) -> None:
    probe, report = _seen(write_dng(tmp_path / "a.dng", preview=(800, 600)), tmp_path)
    assert probe.kind is MediaKind.IMAGE
    assert probe.video and (probe.video.width, probe.video.height) == (64, 48)
    assert (report.stills[0].width, report.stills[0].height) == (640, 480)
    assert _near(_mean(report), RED)
    assert report.decode_errors == 0
    assert report.read_by == "the preview of 800×600 inside"


def test_a_raw_photo_without_a_preview_is_developed(tmp_path: Path) -> None:
    probe, report = _seen(write_dng(tmp_path / "a.dng"), tmp_path)
    assert report.read_by == "LibRaw"
    assert not _near(_mean(report), RED, 60)
    verdict = criteria.decodes(probe, report)
    assert (verdict.score, verdict.reason) == (1.0, "decodes completely, read by LibRaw")


def test_a_raw_photo_that_breaks_off_is_damaged_though_its_preview_is_whole(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", 320, 240, preview=(800, 600))
    path.write_bytes(path.read_bytes()[:-100_000])
    probe, report = _seen(path, tmp_path)
    assert _near(_mean(report), RED)
    assert report.decode_errors == 1
    assert "sensor's data" in str(report.first_error)
    assert next(criteria.judge(probe, report, None, VerdictOptions())).failed


def test_a_raw_photo_whose_rows_are_empty_is_damaged(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", 320, 240)
    path.write_bytes(path.read_bytes()[:-100_000] + bytes(100_000))
    _, report = _seen(path, tmp_path)
    assert report.first_error == "the sensor's data: 65% of the rows hold nothing"


def test_a_raw_photo_of_an_unknown_camera_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.nef"
    path.write_bytes(b"\x07\x01\xff" * 4000)
    with pytest.raises(PermanentError, match=r"not readable here: it is named as NEF.*LibRaw") as e:
        ffprobe.probe(path)
    assert "damaged" not in str(e.value)
    assert "remove" not in str(e.value)


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
def test_heif_and_avif_are_read_by_their_own_library(tmp_path: Path, name: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    Image.new("RGB", (90, 60), RED).save(tmp_path / name)
    probe, report = _seen(tmp_path / name, tmp_path)
    assert probe.kind is MediaKind.IMAGE
    assert _near(_mean(report), RED)
    assert report.read_by == {"a.heic": "libheif", "a.avif": "Pillow"}[name]


def test_a_picture_of_tiles_is_one(tmp_path: Path) -> None:
    probe, report = _seen(FIXTURES / "grid.heic", tmp_path)
    assert probe.video
    assert report.read_by == "libheif"
    wide, high = probe.video.width or 0, probe.video.height or 0
    turned = report.stills[0]  # by irot, a quarter
    assert wide / high == pytest.approx(turned.height / turned.width, rel=0.02)


def test_an_avif_that_moves_is_decoded_whole(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 64), (40 * n, 0, 0)) for n in range(5)]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:], duration=100)
    probe, report = _seen(tmp_path / "a.avif", tmp_path)
    assert (probe.kind, report.decoded_frames) == (MediaKind.VIDEO, 5)


def test_a_webp_that_moves_is_decoded_whole(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), (40 * n, 0, 0)) for n in range(5)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=100)
    probe, report = _seen(tmp_path / "a.webp", tmp_path)
    assert (probe.kind, report.decoded_frames) == (MediaKind.VIDEO, 5)
    assert probe.video and (probe.video.width, probe.video.height) == (64, 48)


def _bit_fields(path: Path) -> Path:
    """A BMP of 32 bits whose colours lie at strange places: blue, green, red of 8, 4 and 8 bits."""
    masks = struct.pack("<III", 0xFF000000, 0x00000FF0, 0x00FF0000)
    head = struct.pack("<IiiHHIIiiII", 40, 8, 4, 1, 32, 3, 8 * 4 * 4, 0, 0, 0, 0) + masks
    pixel = struct.pack("<I", RED[0] << 24 | RED[1] << 4 | RED[2] << 16)
    start = 14 + len(head)
    path.write_bytes(struct.pack("<2sIHHI", b"BM", start + 128, 0, 0, start) + head + pixel * 32)
    return path


def test_a_bmp_with_bit_fields_has_its_colours(tmp_path: Path) -> None:
    _, report = _seen(_bit_fields(tmp_path / "a.bmp"), tmp_path)
    assert _near(_mean(report), RED)
    assert str(report.read_by).startswith("Pillow; ffmpeg gave up: Unknown bitfields")


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.ico", {"sizes": [(16, 16), (48, 48)]}), ("a.tif", {"big_tiff": True}), ("a.tga", {})],
)
def test_odd_pictures_are_read(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    Image.new("RGB", (48, 48), RED).save(tmp_path / name, **options)  # type: ignore[arg-type]
    probe, report = _seen(tmp_path / name, tmp_path)
    assert probe.kind is MediaKind.IMAGE
    assert report.stills[0].width == 48
    assert _near(_mean(report), RED)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("a.wtv", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("a.m2p", ("-c:v", "mpeg1video", "-c:a", "mp2", "-f", "mpeg")),
        ("a.f4v", ("-c:v", "mpeg4", "-f", "mp4")),
        ("a.weba", ("-vn", "-c:a", "libopus", "-f", "webm")),
        ("a.eac3", ("-vn", "-c:a", "eac3")),
        ("a.h264", ("-an", "-pix_fmt", "yuv420p", "-f", "h264")),
        ("a.ivf", ("-an", "-c:v", "libvpx")),
        ("a.mjpeg", ("-an", "-c:v", "mjpeg", "-f", "mjpeg")),
        ("a.latm", ("-vn", "-c:a", "aac", "-f", "latm")),
    ],
)
def test_what_folders_hold_is_decoded(
    tmp_path: Path, name: str, arguments: tuple[str, ...]
) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1",
           *arguments, tmp_path / name)  # fmt: skip
    probe, report = _seen(tmp_path / name, tmp_path)
    assert probe.kind is (MediaKind.VIDEO if "-an" in arguments or "-c:v" in arguments
                          else MediaKind.AUDIO)  # fmt: skip
    assert report.decoded_seconds == pytest.approx(1, abs=0.15)


def test_gsm_is_heard(tmp_path: Path) -> None:
    silence = bytes.fromhex("d820a2e15a50004924924924500049249249245000492492492450004924924924")
    (tmp_path / "a.gsm").write_bytes(silence * 50)
    probe, report = _seen(tmp_path / "a.gsm", tmp_path)
    assert (probe.kind, report.decoded_seconds) == (MediaKind.AUDIO, 1.0)


def test_another_kind_of_file_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" * 20)
    with pytest.raises(PermanentError, match=r"not readable here: it is PDF .*stays as it is"):
        ffprobe.probe(path)


def test_a_picture_that_needs_too_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "_MEMORY_BYTES", 512 * 2**20)
    Image.new("1", (16000, 16000)).save(tmp_path / "a.png")
    with pytest.raises(PermanentError, match="more memory to be decoded"):
        picture.read(tmp_path / "a.png", tmp_path / "b.tif")


def test_what_breaks_its_reader_is_an_error_of_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(picture_child, "__file__", str(dying))
    with pytest.raises(PermanentError, match=r"the reader of pictures broke on it \(SIGSEGV\)"):
        picture.read(write_dng(tmp_path / "a.dng"))


def test_an_embedded_profile_is_acted_on(tmp_path: Path) -> None:
    import pillow_heif
    from PIL import ImageCms

    pillow_heif.register_heif_opener()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    lab = Image.new("LAB", (64, 64), (128, 128, 128))
    lab.save(tmp_path / "a.tif", icc_profile=profile)
    _, report = _seen(tmp_path / "a.tif", tmp_path)
    assert _near(_mean(report), (119, 119, 119), 8)


def test_transparent_pixels_lie_on_a_visible_ground(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    Image.new("RGBA", (64, 64), (255, 255, 255, 0)).save(tmp_path / "a.heic")
    _, report = _seen(tmp_path / "a.heic", tmp_path)
    assert _near(_mean(report), filters.GROUND)


@pytest.mark.parametrize(("frames", "kind"), [(1, MediaKind.IMAGE), (3, MediaKind.VIDEO)])
def test_a_png_moves_if_it_has_frames(tmp_path: Path, frames: int, kind: MediaKind) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=5", "-frames:v", str(frames),
           "-f", "apng", tmp_path / "a.png")  # fmt: skip
    probe, report = _seen(tmp_path / "a.png", tmp_path)
    assert (probe.kind, report.decoded_frames) == (kind, frames)


def test_a_moment_of_a_webp_that_moves_can_be_shown(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), (60 * n, 0, 0)) for n in range(4)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=500)
    probe = ffprobe.probe(tmp_path / "a.webp")
    made = thumbnails.at_times(tmp_path / "a.webp", probe, [1.1], tmp_path)
    with Image.open(made.images[0].path) as seen:
        assert seen.convert("RGB").getpixel((30, 20))[0] > 100  # type: ignore[index]


def test_a_large_photo_with_a_profile_is_read_by_a_bounded_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "_PIXELS_HERE", 0)
    asked: list[Path] = []
    reading = picture.read

    def read(path: Path, target: Path | None = None) -> picture.Picture:
        asked.append(path)
        return reading(path, target)

    monkeypatch.setattr(picture, "read", read)
    photo = _in_display_p3(tmp_path / "a.jpg")
    _, report = _seen(photo, tmp_path)
    assert asked == [photo]
    assert _error(report) < 2


def test_a_heic_in_display_p3_has_its_colours(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    _, report = _seen(_in_display_p3(tmp_path / "a.heic"), tmp_path)
    assert _error(report) < 2


def _in_display_p3(path: Path) -> Path:
    levels = colours.in_space(colours.DISPLAY_P3, 2.2)
    profile = colours.profile(colours.DISPLAY_P3, 2.2)
    Image.fromarray(colours.chart(levels)).save(path, quality=95, icc_profile=profile)
    return path


def _error(report: SignalReport) -> float:
    with Image.open(report.stills[0].path) as seen:
        return colours.worst(colours.read(np.asarray(seen.convert("RGB"))))


@pytest.mark.parametrize("preview", [(800, 600), (16, 12)], ids=["preview", "developed"])
def test_a_raw_photo_stands_upright(tmp_path: Path, preview: tuple[int, int]) -> None:
    _, report = _seen(write_dng(tmp_path / "a.dng", preview=preview, orientation=6), tmp_path)
    still = report.stills[0]
    assert still.width / still.height == pytest.approx(3 / 4, abs=0.01)


def test_a_preview_that_its_camera_turned_already_is_not_turned_again(tmp_path: Path) -> None:
    _, report = _seen(write_dng(tmp_path / "a.dng", preview=(600, 800), orientation=6), tmp_path)
    assert (report.stills[0].width, report.stills[0].height) == (600, 800)


def test_a_preview_in_adobe_rgb_has_its_colours(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    _, report = _seen(write_dng(tmp_path / "a.dng", preview=(800, 600), exif=exif), tmp_path)
    assert _near(_mean(report), (232, 28, 28))
