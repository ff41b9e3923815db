from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import colours
from tests.media import ffmpeg
from utils.media import signal
from utils.media import streams as layout
from utils.media.encoding import encode, rendition_colours
from utils.media.probing import ffprobe
from utils.models.options import CompressionOptions
from utils.models.rendition import Compression

SEEN_AS_709 = (
    "zscale=tin=iec61966-2-1:t=iec61966-2-1:m=gbr:r=full:p=bt709:pin=bt709:min=709:rin=limited"
)


def made_of(film: Path, folder: Path, profile: str = "web") -> Compression:
    probe, options = ffprobe.probe(film), CompressionOptions(profile=profile, crf=18, min_saving=0)
    made = encode.compress(film, probe, signal.analyze(film, probe, folder), options, folder)
    assert made.rendition, made.reason
    return made


@pytest.mark.parametrize("stored", ["format=gbrp", colours.BT709, colours.BT709_UNTOLD])
def test_a_rendition_has_its_sources_colours_and_names_them(tmp_path: Path, stored: str) -> None:
    film = tmp_path / "film.mkv"
    colours.video(colours.chart(colours.PATCHES, 180), film, stored, "-c:v", "ffv1")
    made = made_of(film, tmp_path)
    assert ffprobe.probe(made.rendition.path).video.color_matrix == "bt709"
    seen = colours.first_frame(made.rendition.path, SEEN_AS_709)
    assert colours.worst(colours.read(seen)) < 2


def test_other_primaries_and_ranges_stay_what_they_are_called(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    colours.video(colours.chart(colours.PATCHES, 64), film, colours.P3, "-c:v", "ffv1")
    made = made_of(film, tmp_path)
    shown = ffprobe.probe(made.rendition.path).video
    assert (shown.color_primaries, shown.color_matrix, shown.color_transfer) == (
        "smpte432", "bt709", "bt709",
    )  # fmt: skip
    assert made.dropped == ()


def test_what_was_taken_for_granted_is_said(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    colours.video(colours.chart(colours.PATCHES, 64), film, colours.BT601_UNTOLD, "-c:v", "ffv1")
    made = made_of(film, tmp_path)
    assert made.guessed == ("colours not named, taken for BT.601 by the picture's size",)
    assert "taken for BT.601" in made.reason


def test_what_is_transparent_becomes_grey_and_is_named(tmp_path: Path) -> None:
    drawing, film = Image.new("RGBA", (320, 240), (0, 0, 0, 0)), tmp_path / "film.mov"
    drawing.paste("black", (0, 0, 160, 240))
    drawing.save(tmp_path / "drawing.png")
    ffmpeg("-loop", "1", "-framerate", "25", "-i", tmp_path / "drawing.png", "-vf", "noise=alls=3",
           "-t", "1", "-c:v", "qtrle", "-pix_fmt", "argb", film)  # fmt: skip
    made = made_of(film, tmp_path)
    grey = np.asarray(Image.fromarray(colours.first_frame(made.rendition.path, SEEN_AS_709)))
    assert abs(int(grey[120, 80, 0]) - int(grey[120, 240, 0])) > 100
    assert any(lost.startswith("transparency") for lost in made.dropped)


def test_photo_codecs_and_named_matrices_are_left_to_themselves() -> None:
    def of(codec: str, **told: str) -> tuple[str, ...]:
        picture = layout.Stream(0, "video", codec, width=640, height=360, **told)  # type: ignore[arg-type]
        return rendition_colours.filters(picture, "yuv420p")

    assert of("mjpeg", pixel_format="yuvj420p") == ()
    assert of("h264", pixel_format="yuv420p", matrix="bt709") == ()
    assert of("h264", pixel_format="yuv420p") == ("setparams=colorspace=smpte170m",)
