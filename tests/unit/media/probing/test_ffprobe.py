"""Probes of real files, by the real ffprobe."""

import shutil
from pathlib import Path

import pytest

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError
from utils.media.probing import ffprobe
from utils.models.item import MediaKind


def test_a_video_is_told_with_its_streams(clips: Clips) -> None:
    probe = ffprobe.probe(clips.video)
    assert probe.kind is MediaKind.VIDEO
    assert probe.duration_seconds == pytest.approx(4, abs=0.1)
    assert (probe.video.width, probe.video.height) == (640, 360)
    assert probe.video.frame_count == 100
    assert probe.video.frame_rate == 25
    assert [stream.codec for stream in probe.audio] == ["aac"]


def test_an_image_has_no_sound_and_is_no_video(clips: Clips) -> None:
    assert ffprobe.probe(clips.image).kind is MediaKind.IMAGE


def test_the_size_of_a_png_comes_from_mediainfo_where_ffprobe_can_not_tell(tmp_path: Path) -> None:
    from utils.media.probing import mediainfo

    path = tmp_path / "logo.png"
    ffmpeg("-f", "lavfi", "-i", "color=red@0.5:s=800x600,format=rgba", "-frames:v", "1", path)
    report = mediainfo.report(path)
    probe = ffprobe.probe(path).with_size(report.width, report.height)
    assert (probe.video.width, probe.video.height) == (800, 600)


def test_a_song_with_a_cover_is_audio(clips: Clips, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    ffmpeg("-i", clips.tone, "-i", clips.image, "-map", "0", "-map", "1",
           "-disposition:v", "attached_pic", song)  # fmt: skip
    probe = ffprobe.probe(song)
    assert probe.kind is MediaKind.AUDIO
    assert probe.video is None
    assert probe.picture is not None


def test_language_and_chapters_come_from_the_file(clips: Clips, tmp_path: Path) -> None:
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=one\n"
        "[CHAPTER]\nTIMEBASE=1/1\nSTART=2\nEND=4\ntitle=two\n"
    )
    film = tmp_path / "film.mkv"
    ffmpeg("-i", clips.video, "-i", chapters, "-map", "0", "-map_metadata", "1", "-c", "copy",
           "-metadata:s:a:0", "language=khm", film)  # fmt: skip
    probe = ffprobe.probe(film)
    assert probe.audio[0].language == "khm"
    assert probe.chapter_count == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [("half", "damaged or not whole. Get it again"), ("text", "no media file. Give the media")],
)
def test_what_is_no_media_is_refused_with_a_remedy(clips: Clips, name: str, told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        ffprobe.probe(getattr(clips, name))


@pytest.mark.parametrize(
    "name",
    ["-y.mp4", "line\nbreak.mp4", "émoji 🎬.mp4", "100% %03d.mp4", "http:x.mp4", "a'b\"c;d.mp4"],
)
def test_no_name_is_anything_but_a_name(clips: Clips, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(clips.video, path)
    assert ffprobe.probe(path).kind is MediaKind.VIDEO


def test_a_playlist_is_not_followed_whatever_its_name(clips: Clips, tmp_path: Path) -> None:
    shutil.copytree(clips.hls, tmp_path / "hls")
    playlist = tmp_path / "hls" / "index.m3u8"
    with pytest.raises(PermanentError, match="such are not opened"):
        ffprobe.probe(playlist)
    disguised = playlist.with_name("song.mp4")
    playlist.rename(disguised)
    with pytest.raises(PermanentError):
        ffprobe.probe(disguised)


def test_a_concat_script_is_not_followed(clips: Clips, tmp_path: Path) -> None:
    script = tmp_path / "film.mp4"
    script.write_text(f"ffconcat version 1.0\nfile '{clips.video}'\n")
    with pytest.raises(PermanentError):
        ffprobe.probe(script)


def test_images_may_have_a_percent_sign_in_their_name(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "photo%d.jpg"
    shutil.copy(clips.image, path)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1", tmp_path / "photo0.jpg")
    probe = ffprobe.probe(path)
    assert probe.kind is MediaKind.IMAGE
    assert probe.video.width == 800  # its own picture, not that of photo0.jpg
