from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests import colours
from tests.media import ffmpeg
from utils.media import signal
from utils.media.encoding import proxy
from utils.media.imaging import colour, filters, thumbnails
from utils.media.probing import ffprobe
from utils.models.probe import VideoStream

ADOBE_GAMMA = 563 / 256
# Sharma, Wu and Dalal (2005), table 1.
SHARMA = (
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, -1.1848, -84.8006), (50, 0, -82.7485), 1.0),
    ((50, -0.9009, -85.5211), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0010), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.49, -0.001), (50, -2.49, 0.0012), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0010, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((50, 2.5, 0), (50, 3.1736, 0.5854), 1.0),
    ((50, 2.5, 0), (50, 3.2972, 0), 1.0),
    ((50, 2.5, 0), (50, 1.8634, 0.5757), 1.0),
    ((50, 2.5, 0), (50, 3.2592, 0.3350), 1.0),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


def still(path: Path, folder: Path) -> Image.Image:
    found = signal.analyze(path, ffprobe.probe(path), folder).stills[0]
    with Image.open(found.path) as seen:
        return seen.convert("RGB")


def contrast(seen: Image.Image, left: int, right: int) -> int:
    grey = np.asarray(seen.convert("L"), dtype=int)
    return abs(int(grey[50, left]) - int(grey[50, right]))


def error_of(seen: Image.Image) -> float:
    return colours.worst(colours.read(np.asarray(seen)))


def test_the_distance_of_colours_is_that_of_the_published_pairs() -> None:
    for first, second, expected in SHARMA:
        found = colours.delta_e(np.array(first), np.array(second))
        assert found == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("stored", "side"),
    [
        (colours.BT601, 64),
        (colours.BT601_UNTOLD, 64),
        (colours.BT709, 64),
        (colours.BT709_UNTOLD, 180),
        (colours.BT709_FULL, 64),
        (colours.P3, 64),
    ],
)
def test_a_still_of_a_film_has_its_colours(tmp_path: Path, stored: str, side: int) -> None:
    chart = colours.chart(colours.PATCHES, side)
    film = colours.video(chart, tmp_path / "film.mp4", stored)
    assert error_of(still(film, tmp_path)) < 2


def test_a_film_stored_as_red_green_and_blue_keeps_its_colours(tmp_path: Path) -> None:
    chart = colours.chart(colours.PATCHES, 180)
    film = colours.video(chart, tmp_path / "film.mov", "null", "-c:v", "png")
    assert error_of(still(film, tmp_path)) < 2
    made = proxy.make(film, ffprobe.probe(film), tmp_path)
    shown = ffprobe.probe(made.path).video
    assert (shown.color_matrix, shown.color_primaries, shown.color_range) == (
        "bt709",
        "bt709",
        "tv",
    )
    seen = colours.first_frame(made.path, "zscale=min=bt709:rin=limited:m=gbr:r=full")
    assert colours.worst(colours.read(seen)) < 2


def test_a_small_proxy_of_a_large_film_keeps_its_colours(tmp_path: Path) -> None:
    # Untold, 1080 lines are BT.709, and those of the proxy would be taken for BT.601.
    chart = colours.chart(colours.PATCHES, 270)
    film = colours.video(chart, tmp_path / "film.mp4", colours.BT709_UNTOLD)
    made = proxy.make(film, ffprobe.probe(film), tmp_path)
    seen = colours.first_frame(made.path, "zscale=min=bt709:rin=limited:m=gbr:r=full")
    assert colours.worst(colours.read(seen)) < 2


def test_an_untold_matrix_follows_the_lines() -> None:
    def of(width: int, height: int, **told: str) -> str | None:
        return filters.matrix(
            VideoStream(index=0, codec="h264", width=width, height=height, **told)
        )

    assert (of(1280, 720), of(720, 1280), of(720, 576)) == ("bt709", "bt709", "smpte170m")
    assert of(720, 576, color_matrix="bt709") == "bt709"
    assert of(720, 576, pixel_format="gbrp") is None


def test_what_colours_a_film_was_taken_for_is_said() -> None:
    film = VideoStream(index=0, codec="h264", width=1920, height=1080)
    assert filters.taken_for(film) == "BT.709 by the picture's size, as it names none"
    assert filters.taken_for(film.model_copy(update={"color_matrix": "bt709"})) is None
    hlg = film.model_copy(update={"color_transfer": "arib-std-b67"})
    assert filters.taken_for(hlg) == "HLG brought to standard range"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_a_photo_with_a_profile_has_its_colours(tmp_path: Path, suffix: str) -> None:
    photo = tmp_path / f"photo{suffix}"
    levels = colours.in_space(colours.ADOBE_RGB, ADOBE_GAMMA)
    profile = colours.profile(colours.ADOBE_RGB, ADOBE_GAMMA)
    Image.fromarray(colours.chart(levels)).save(photo, quality=95, icc_profile=profile)
    assert error_of(still(photo, tmp_path)) < 2


def test_a_photo_in_display_p3_has_its_colours(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    levels, profile = (
        colours.in_space(colours.DISPLAY_P3, 2.2),
        colours.profile(colours.DISPLAY_P3, 2.2),
    )
    Image.fromarray(colours.chart(levels)).save(photo, quality=95, icc_profile=profile)
    assert error_of(still(photo, tmp_path)) < 2


def test_a_camera_that_marks_adobe_rgb_in_exif_alone_is_understood(tmp_path: Path) -> None:
    photo, exif = tmp_path / "_DSC0001.jpg", Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    levels = colours.in_space(colours.ADOBE_RGB, ADOBE_GAMMA)
    Image.fromarray(colours.chart(levels)).save(photo, quality=95, exif=exif)
    assert error_of(still(photo, tmp_path)) < 2


def test_a_photo_that_says_nothing_of_its_colours_is_srgb(tmp_path: Path) -> None:
    Image.fromarray(colours.chart(colours.PATCHES)).save(tmp_path / "photo.jpg", quality=95)
    assert error_of(still(tmp_path / "photo.jpg", tmp_path)) < 2


def test_a_profile_that_is_no_profile_spoils_nothing(tmp_path: Path) -> None:
    Image.fromarray(colours.chart(colours.PATCHES)).save(
        tmp_path / "photo.jpg", quality=95, icc_profile=b"no profile at all" * 20
    )
    assert error_of(still(tmp_path / "photo.jpg", tmp_path)) < 2


def test_what_is_too_large_to_be_decoded_here_is_left_to_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colour, "_MOST_PIXELS", 100)
    Image.new("RGBA", (40, 40), "red").save(tmp_path / "large.png")
    assert colour.write_still(tmp_path / "large.png", tmp_path / "still.jpg", 640) is None
    assert still(tmp_path / "large.png", tmp_path).size == (40, 40)


def test_a_photo_with_a_profile_is_turned_upright_and_small(tmp_path: Path) -> None:
    photo, exif = tmp_path / "photo.jpg", Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (2000, 1001), "red").save(photo, exif=exif, icc_profile=profile)
    assert still(photo, tmp_path).size == (640, 1278)


@pytest.mark.parametrize("drawn", ["black", "white"])
def test_a_drawing_on_nothing_is_seen(tmp_path: Path, drawn: str) -> None:
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste(drawn, (0, 0, 100, 100))
    picture.save(tmp_path / "logo.png")
    assert contrast(still(tmp_path / "logo.png", tmp_path), 50, 150) > 100


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_moving_drawings_on_nothing_are_seen(tmp_path: Path, suffix: str) -> None:
    frames = []
    for left in (0, 20):
        frame = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
        frame.paste("black", (left, 0, left + 80, 100))
        frames.append(frame)
    moving = tmp_path / f"moving{suffix}"
    frames[0].save(moving, save_all=True, append_images=frames[1:], duration=200, disposal=2)
    assert contrast(still(moving, tmp_path), 40, 150) > 100
    made = proxy.make(moving, ffprobe.probe(moving), tmp_path)
    assert contrast(Image.fromarray(colours.first_frame(made.path, "null")), 40, 150) > 100


def test_sixteen_bits_of_grey_are_not_cut_off(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((40, 40), 32768, dtype=np.uint16))
    assert colour.in_srgb(deep).getpixel((5, 5)) == (128, 128, 128)


def test_printers_inks_become_colours(tmp_path: Path) -> None:
    Image.new("CMYK", (64, 64), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95)
    red, green, blue = np.asarray(still(tmp_path / "ink.jpg", tmp_path))[30, 30].tolist()
    assert red > 200 and max(green, blue) < 60


def test_the_cover_of_a_song_has_its_colours(tmp_path: Path) -> None:
    cover, song = tmp_path / "cover.jpg", tmp_path / "song.mp3"
    levels = colours.in_space(colours.ADOBE_RGB, ADOBE_GAMMA)
    profile = colours.profile(colours.ADOBE_RGB, ADOBE_GAMMA)
    Image.fromarray(colours.chart(levels)).save(cover, quality=95, icc_profile=profile)
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-i", cover, "-map", "0", "-map", "1", "-c:v", "copy",
           "-disposition:v", "attached_pic", song)  # fmt: skip
    probe = ffprobe.probe(song)
    report = signal.analyze(song, probe, tmp_path)
    made = thumbnails.generate(song, probe, report, 5, tmp_path).images[0]
    with Image.open(made.path) as seen:
        assert error_of(seen) < 2
