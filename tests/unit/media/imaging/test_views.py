"""Pictures of an item: what is chosen among the stills, and what is drawn of a sound."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError
from utils.media import signal
from utils.media.imaging import contact_sheet, exposure, thumbnails, waveform
from utils.media.probing import ffprobe
from utils.models.probe import ContainerProbe, VideoStream
from utils.models.rendition import Thumbnail
from utils.models.signal import SignalReport, Still

FILM = ContainerProbe(
    kind="video", format_names=("mp4",), size_bytes=1, video=VideoStream(index=0, codec="h264")
)


def still(folder: Path, time: float, *, grey: int = 128, lines: int = 0) -> Still:
    """A picture of one grey level, with as many white lines on it as it shall be sharp."""
    path = folder / f"{time}.jpg"
    image = Image.new("L", (160, 90), grey)
    pen = ImageDraw.Draw(image)
    for number in range(lines):
        pen.line((number * 10, 0, number * 10, 90), fill=255)
    image.save(path, quality=95)
    return Still(path=path, time_seconds=time, width=160, height=90)


def report(folder: Path, sharpness: list[int], **facts: Any) -> SignalReport:
    stills = tuple(still(folder, float(t), lines=n) for t, n in enumerate(sharpness))
    return SignalReport(
        decoded_seconds=float(len(sharpness)), decode_errors=0, stills=stills, **facts
    )


def times(pictures: tuple[Thumbnail, ...]) -> list[float]:
    return [picture.time_seconds for picture in pictures]


def test_pictures_by_position_stand_at_the_fractions_of_the_whole(tmp_path: Path) -> None:
    found = report(tmp_path, [0] * 12)
    made = thumbnails.generate(tmp_path / "x.mp4", FILM, found, 5, tmp_path)
    assert times(made.images) == [2, 4, 6, 8, 10]


def test_the_sharpest_come_first_and_from_different_places(tmp_path: Path) -> None:
    found = report(tmp_path, [0, 9, 10, 0, 0, 0, 0, 3, 0, 0])
    chosen = thumbnails.by_sharpness(thumbnails.measured(found), found.decoded_seconds, 2)
    assert times(chosen) == [2, 7]


def test_each_scene_gives_its_sharpest_picture(tmp_path: Path) -> None:
    found = report(tmp_path, [1, 5, 2, 3, 8, 1], cuts=(3.0,))
    assert times(thumbnails.by_scene(thumbnails.measured(found), found)) == [1, 4]
    assert [scene.end_seconds for scene in thumbnails.scenes(found)] == [3, 6]


def test_a_scene_between_two_stills_gives_no_picture(tmp_path: Path) -> None:
    found = report(tmp_path, [1, 2, 3], cuts=(1.2, 1.4))
    assert times(thumbnails.by_scene(thumbnails.measured(found), found)) == [1, 2]


def test_a_contact_sheet_shows_sixteen_pictures_at_most(tmp_path: Path) -> None:
    found = thumbnails.measured(report(tmp_path, [0] * 40))
    chosen = contact_sheet.evenly(found, 16)
    assert (len(chosen), chosen[0], chosen[-1]) == (16, found[0], found[-1])
    with Image.open(contact_sheet.write(found, tmp_path / "sheet.jpg")) as sheet:
        assert sheet.width == 4 * 326 + 6


def test_a_film_without_stills_is_a_clear_error(tmp_path: Path) -> None:
    empty = SignalReport(decoded_seconds=1, decode_errors=0)
    with pytest.raises(PermanentError, match="no picture"):
        thumbnails.generate(tmp_path / "x.mp4", FILM, empty, 5, tmp_path)


def test_a_song_shows_its_cover_its_waveform_and_its_spectrogram(
    clips: Clips, tmp_path: Path
) -> None:
    song = tmp_path / "song.mp3"
    ffmpeg("-i", clips.tone, "-i", clips.image, "-map", "0", "-map", "1", "-c:v", "copy",
           "-disposition:v", "attached_pic", song)  # fmt: skip
    probe = ffprobe.probe(song)
    made = thumbnails.generate(song, probe, signal.analyze(song, probe, tmp_path), 5, tmp_path)
    assert made.images[0].path.name == "cover.jpg"
    assert made.waveform.exists()
    assert made.spectrogram.exists()


def test_a_cover_that_does_not_decode_leaves_the_waveform(clips: Clips, tmp_path: Path) -> None:
    song, cover = tmp_path / "song.mp3", tmp_path / "cover.jpg"
    whole = clips.image.read_bytes()
    cover.write_bytes(whole[:300])
    ffmpeg("-i", clips.tone, "-i", clips.image, "-map", "0", "-map", "1", "-c:v", "copy",
           "-disposition:v", "attached_pic", song)  # fmt: skip
    data = song.read_bytes()
    start = data.index(whole[:200])
    song.write_bytes(data[: start + 4] + bytes(len(whole) - 4) + data[start + len(whole) :])
    probe = ffprobe.probe(song)
    made = thumbnails.generate(song, probe, signal.analyze(song, probe, tmp_path), 5, tmp_path)
    assert made.images[0].path.name == "waveform.jpg"


def test_a_spectrogram_shows_a_tone_at_its_height(tmp_path: Path) -> None:
    tone = tmp_path / "tone.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=11025:d=3:r=44100", tone)
    made = waveform.draw(tone, 0, 3.0, tmp_path)
    with Image.open(made.spectrogram.path) as image:
        column = np.asarray(image).sum(axis=2)[:, image.width // 2]
    assert column.argmax() == pytest.approx(image.height / 2, abs=3)


def test_an_audio_without_samples_can_not_be_drawn(tmp_path: Path) -> None:
    empty = tmp_path / "empty.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc", "-t", "0", empty)
    with pytest.raises(PermanentError, match="nothing decodes"):
        waveform.draw(empty, 0, 1.0, tmp_path)


@pytest.mark.parametrize(
    ("highlight", "shadow", "expected"),
    [(0.05, 0.0, 0.0), (0.1, 0.0, 1.0), (0.0, 0.2, -2.0), (0.4, 0.1, 3.0), (0.04, 0.04, 0.0)],
)
def test_stops_follow_the_formula(highlight: float, shadow: float, expected: float) -> None:
    assert exposure.stops(highlight, shadow) == expected


def test_an_overexposed_film_is_warned_of(tmp_path: Path) -> None:
    stills = (still(tmp_path, 0.0, grey=255), still(tmp_path, 1.0, grey=128))
    found = SignalReport(decoded_seconds=2, decode_errors=0, stills=stills)
    measured = exposure.measure(found, FILM)
    assert measured.highlight_share == pytest.approx(0.5, abs=0.01)
    assert measured.stops == pytest.approx(3.32, abs=0.05)
    assert (measured.warning, measured.worst_seconds) == ("50% of the picture is blown out", 0.0)


def test_a_contact_sheet_of_a_tall_film_stays_small(tmp_path: Path) -> None:
    film = tmp_path / "tall.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x2000:r=10:d=1", "-pix_fmt", "yuv420p", film)
    probe = ffprobe.probe(film)
    found = signal.analyze(film, probe, tmp_path)
    made = thumbnails.generate(film, probe, found, 5, tmp_path)
    with Image.open(made.contact_sheet) as sheet:
        assert sheet.height < 4 * 700
