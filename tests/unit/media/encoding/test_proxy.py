from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError
from utils.media import streams
from utils.media.encoding import proxy, verify
from utils.media.probing import ffprobe
from utils.models.rendition import Rendition


def decoded(path: Path) -> int:
    """The number of frames that come out of a film."""
    return verify.decode(path, ffprobe.probe(path))[0]


def made_of(path: Path, folder: Path, **options: Any) -> Rendition:
    return proxy.make(path, ffprobe.probe(path), folder, **options)


def test_a_proxy_is_small_and_slow_and_keeps_two_channels(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2",
           "-ac", "2", "-metadata", "title=secret", "-preset", "ultrafast", film)  # fmt: skip
    shares: list[float] = []
    rendition = made_of(film, tmp_path, on_progress=shares.append)
    made = ffprobe.probe(rendition.path)
    assert (made.video.width, made.video.height) == (854, 480)
    assert made.video.codec == rendition.codec == "h264"
    assert made.video.frame_rate == pytest.approx(5)
    (sound,) = made.audio
    assert (sound.codec, sound.sample_rate, sound.channels) == ("aac", 16000, 2)
    assert made.duration_seconds == pytest.approx(2, abs=0.2)
    assert made.title is None
    data = rendition.path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [("320x180", "1", (320, 180)), ("180x1920", "1", (80, 854)), ("321x181", "1", (320, 180)),
     ("720x576", "64/45", (854, 480)), ("2x1", "1", (2, 2))],
)  # fmt: skip
def test_a_proxy_shows_display_pixels_of_even_size_and_is_never_enlarged(
    tmp_path: Path, size: str, ratio: str, expected: tuple[int, int]
) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"color=red:s={size}:r=5:d=1,format=rgb24,setsar={ratio}",
        "-c:v",
        "ffv1",
        film,
    )
    made = ffprobe.probe(made_of(film, tmp_path).path)
    assert (made.video.width, made.video.height) == expected


def test_a_turned_film_has_an_upright_proxy(clips: Clips, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", clips.silent_video, "-c", "copy", turned)
    made = ffprobe.probe(made_of(turned, tmp_path).path)
    assert (made.video.width, made.video.height) == (360, 640)


def test_a_slow_film_keeps_its_frames(tmp_path: Path) -> None:
    film = tmp_path / "slow.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=2:d=3", film)
    assert decoded(made_of(film, tmp_path).path) == 6


def test_a_song_has_a_proxy_without_its_cover(clips: Clips, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    ffmpeg("-i", clips.tone, "-i", clips.image, "-map", "0", "-map", "1", "-c:v", "copy",
           "-disposition:v", "attached_pic", song)  # fmt: skip
    rendition = made_of(song, tmp_path)
    made = ffprobe.probe(rendition.path)
    assert rendition.path.suffix == ".m4a"
    assert (made.picture, made.video, rendition.codec) == (None, None, "aac")
    assert made.audio[0].sample_rate == 16000


def test_hdr_is_shown_in_the_range_of_a_common_screen(tmp_path: Path) -> None:
    film = tmp_path / "hlg.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:d=1", "-pix_fmt", "yuv420p10le", "-c:v",
           "libx265", "-preset", "ultrafast", "-x265-params",
           "log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc",
           film)  # fmt: skip
    (made,) = streams.read(made_of(film, tmp_path).path).of("video")
    assert made.transfer == "bt709"
    assert made.pixel_format == "yuv420p"


def test_of_half_a_film_there_is_no_proxy(clips: Clips, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="damaged"):
        made_of(clips.half_faststart, tmp_path)
    assert not [*tmp_path.glob("*proxy*"), *tmp_path.glob(".*")]


def test_an_image_has_no_proxy(clips: Clips, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="is an image"):
        made_of(clips.image, tmp_path)


def test_a_film_of_one_frame_has_a_proxy(tmp_path: Path) -> None:
    film = tmp_path / "one.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-frames:v", "1", "-pix_fmt", "yuv420p",
           film)  # fmt: skip
    made = proxy.make(film, ffprobe.probe(film), tmp_path)
    assert decoded(made.path) == 1


def test_only_what_will_be_watched_is_in_the_proxy(clips: Clips, tmp_path: Path) -> None:
    made = proxy.make(clips.video, ffprobe.probe(clips.video), tmp_path, seconds=1.5)
    assert ffprobe.probe(made.path).duration_seconds == pytest.approx(1.5, abs=0.3)
    whole = proxy.make(clips.video, ffprobe.probe(clips.video), tmp_path, seconds=3600.0)
    assert ffprobe.probe(whole.path).duration_seconds == pytest.approx(4, abs=0.3)
    assert made.path != whole.path
